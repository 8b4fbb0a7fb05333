package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;

/**
 * Where a position in the WAL lies: in which segment file, on which page. Source: {@code
 * access/xlog_internal.h}. Segments are 16 MiB and pages 8 KiB, as {@code initdb} and the build
 * make them by default; page headers that say otherwise are refused ({@link WalPageHeader}).
 */
public final class WalSegments {
    /** Bytes in a segment file ({@code wal_segment_size}). */
    public static final int SIZE = 16 * 1024 * 1024;

    /** Bytes on a WAL page ({@code XLOG_BLCKSZ}). */
    public static final int PAGE_SIZE = 8192;

    /** The timeline id that Sluice's computes run on, always. */
    public static final int TIMELINE = 1;

    private static final long SEGMENTS_PER_ID = 0x1_0000_0000L / SIZE;
    private static final int NAME_LENGTH = 24;

    private WalSegments() {}

    /** The number of the segment that holds the byte at {@code lsn}. */
    public static long segmentOf(Lsn lsn) {
        return Long.divideUnsigned(lsn.value(), SIZE);
    }

    /** Offset in its segment file, 0 to {@link #SIZE} - 1. */
    public static int segmentOffset(Lsn lsn) {
        return (int) (lsn.value() & (SIZE - 1));
    }

    /** Offset on its page, 0 to {@link #PAGE_SIZE} - 1. */
    public static int pageOffset(Lsn lsn) {
        return (int) (lsn.value() & (PAGE_SIZE - 1));
    }

    /** The first byte of the segment. */
    public static Lsn segmentStart(long segment) {
        return new Lsn(segment * SIZE);
    }

    /** The first byte of the segment that holds {@code lsn}. */
    public static Lsn segmentStart(Lsn lsn) {
        return new Lsn(lsn.value() & -SIZE);
    }

    /**
     * The first segment start at or after {@code lsn}: where an XLOG_SWITCH that ends there leads.
     */
    public static Lsn segmentEnd(Lsn lsn) {
        return new Lsn((lsn.value() + SIZE - 1) & -SIZE);
    }

    /** The first byte of the page that holds {@code lsn}. */
    public static Lsn pageStart(Lsn lsn) {
        return new Lsn(lsn.value() & -PAGE_SIZE);
    }

    /** The first page start at or after {@code lsn}. */
    public static Lsn pageEnd(Lsn lsn) {
        return new Lsn((lsn.value() + PAGE_SIZE - 1) & -PAGE_SIZE);
    }

    /**
     * Bytes of the page header on the page that holds {@code lsn}: long on a segment's first page.
     */
    public static int pageHeaderSize(Lsn lsn) {
        return segmentOffset(lsn) < PAGE_SIZE ? WalPageHeader.LONG_SIZE : WalPageHeader.SHORT_SIZE;
    }

    /** The first byte after the header of the page that holds {@code lsn}. */
    public static Lsn firstUsable(Lsn lsn) {
        return pageStart(lsn).plus(pageHeaderSize(lsn));
    }

    /**
     * Where a record that follows position {@code end} has its header: {@code end} itself, or after
     * the page header when {@code end} is a page's first byte.
     */
    public static Lsn recordStart(Lsn end) {
        return pageOffset(end) == 0 ? firstUsable(end) : end;
    }

    /** The file's name in {@code pg_wal}: 24 upper-case hexadecimal digits, timeline 1. */
    public static String fileName(long segment) {
        return String.format(
                "%08X%08X%08X", TIMELINE, segment / SEGMENTS_PER_ID, segment % SEGMENTS_PER_ID);
    }

    /** Whether a file of {@code pg_wal} is a segment by its name, of whichever timeline. */
    public static boolean isFileName(String name) {
        return name.length() == NAME_LENGTH
                && name.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'))
                && Long.parseLong(name, 16, NAME_LENGTH, 16) < SEGMENTS_PER_ID;
    }

    /**
     * The segment's number, from a name as {@link #fileName} gives it.
     *
     * @throws IllegalArgumentException if it is no segment's name, or of another timeline than 1
     */
    public static long parseFileName(String name) {
        if (!isFileName(name) || Long.parseLong(name, 0, 8, 16) != TIMELINE) {
            throw new IllegalArgumentException(
                    "not a WAL segment of timeline " + TIMELINE + ": \"" + name + "\"");
        }
        return Long.parseLong(name, 8, 16, 16) * SEGMENTS_PER_ID
                + Long.parseLong(name, 16, NAME_LENGTH, 16);
    }
}
