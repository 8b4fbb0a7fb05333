package dev.sluice.storage.postgres.v17.mask;

import dev.sluice.storage.page.LinePointer;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.walservice.wal.Fork;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Whether two versions of a page are the same page, as far as WAL determines it. */
public final class PageComparison {
    private static final int SEQUENCE_STATE_BYTES = 17;
    private static final int SPGIST_META = 0x0001;
    private static final int SPGIST_CACHE_AT = Page.HEADER_BYTES + 4;
    private static final int SPGIST_CACHE_BYTES = 64;

    /** At a page's start; masked on every page. */
    private static final int LSN_BYTES = 8;

    private PageComparison() {}

    /**
     * Compares as Postgres's {@code wal_consistency_checking} does: the page that redo made with
     * the image that the record carries. Both arrays stay as they are.
     *
     * @return null when equal
     */
    public static @Nullable PageDifference afterRedo(
            byte[] expected, byte[] actual, Fork fork, int block) {
        if (Arrays.equals(expected, LSN_BYTES, Page.SIZE, actual, LSN_BYTES, Page.SIZE)) {
            return null;
        }
        PageKind kind = PageKind.of(expected, fork, block);
        byte[] left = expected.clone();
        byte[] right = actual.clone();
        PageMask.mask(left, kind, block);
        PageMask.mask(right, kind, block);
        return Arrays.equals(left, right) ? null : PageDifference.between(kind, left, right);
    }

    /**
     * Compares a page of a data directory that a clean shutdown left with the page that WAL makes:
     * beside what {@link #afterRedo} masks, what Postgres changes without WAL or logs ahead.
     *
     * <ul>
     *   <li>A sequence's value: WAL is up to 32 values ahead of the page.
     *   <li>SP-GiST's cache of last used pages on its meta page.
     *   <li>A heap page that was initialised but never written equals a page that is not there (all
     *       zero).
     *   <li>An extension's page in an init fork may be missing: Generic WAL logs nothing of an
     *       unlogged index.
     *   <li>A visibility map may have bits that WAL does not set: {@code CREATE DATABASE} with
     *       strategy {@code wal_log} logs the map's pages as if their bits were unused space. Bits
     *       that only WAL sets are a difference.
     * </ul>
     *
     * @param expected the page that WAL makes
     * @param actual the page in the data directory
     * @return null when equal
     */
    public static @Nullable PageDifference ofDataDirectory(
            byte[] expected, byte[] actual, Fork fork, int block) {
        if (fork == Fork.INIT
                && Page.isNew(expected)
                && PageKind.of(actual, fork, block) == PageKind.OTHER) {
            return null;
        }
        byte[] left = withoutUnlogged(expected, fork, block);
        byte[] right = withoutUnlogged(actual, fork, block);
        if (fork == Fork.VISIBILITY_MAP) {
            onlyCommonBits(left, right);
        }
        return afterRedo(left, right, fork, block);
    }

    private static byte[] withoutUnlogged(byte[] page, Fork fork, int block) {
        byte[] copy = page.clone();
        switch (PageKind.of(page, fork, block)) {
            case HEAP -> {
                if (LinePointer.count(page) == 0 && Page.lsn(page) == 0) {
                    Arrays.fill(copy, (byte) 0);
                }
            }
            case SEQUENCE -> maskSequenceState(copy);
            case SPGIST -> {
                if ((LittleEndian.u16(page, Page.special(page)) & SPGIST_META) != 0) {
                    int end = SPGIST_CACHE_AT + SPGIST_CACHE_BYTES;
                    Arrays.fill(copy, SPGIST_CACHE_AT, end, (byte) 0);
                }
            }
            case NEW, VISIBILITY_MAP, FREE_SPACE_MAP, BTREE, HASH, GIN, GIST, BRIN, OTHER -> {}
        }
        return copy;
    }

    /** The tuple's last_value, log_cnt and is_called. */
    private static void maskSequenceState(byte[] page) {
        int pointer = LittleEndian.i32(page, Page.HEADER_BYTES);
        int tuple = LinePointer.offset(pointer);
        if (LinePointer.count(page) == 1 && tuple + LinePointer.length(pointer) <= Page.SIZE) {
            int data = tuple + LittleEndian.u8(page, tuple + 22);
            int end = Math.min(data + SEQUENCE_STATE_BYTES, Page.SIZE);
            Arrays.fill(page, Math.min(data, end), end, (byte) 0);
        }
    }

    /**
     * Takes from the data directory's map the bits that WAL does not set, and its header, which is
     * there or not with the first bit.
     */
    private static void onlyCommonBits(byte[] expected, byte[] actual) {
        for (int i = Page.HEADER_BYTES; i < Page.SIZE; i++) {
            actual[i] &= expected[i];
        }
        Arrays.fill(expected, 0, Page.HEADER_BYTES, (byte) 0);
        Arrays.fill(actual, 0, Page.HEADER_BYTES, (byte) 0);
    }
}
