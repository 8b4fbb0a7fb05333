package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The header of an 8 KiB WAL page. Source: {@code XLogPageHeaderData}, {@code
 * XLogLongPageHeaderData} in {@code access/xlog_internal.h}. Little-endian:
 *
 * <pre>
 *  0  u16 magic             one per Postgres major
 *  2  u16 info              XLP_ flags
 *  4  u32 timeline id
 *  8  u64 page address      the LSN of the page's first byte
 * 16  u32 remaining length  bytes still to come of the record that continues here
 * 20  4 bytes of padding
 * 24  u64 system identifier    only in the long form, which the first page of a segment has
 * 32  u32 segment size
 * 36  u32 page size
 * </pre>
 *
 * @param remainingLength an unsigned 32-bit number; meaningful with {@link #FIRST_IS_CONTRECORD}
 * @param systemIdentifier the cluster's; 0 in the short form, which does not carry it
 */
public record WalPageHeader(
        int magic,
        int info,
        int timeline,
        Lsn pageAddress,
        int remainingLength,
        long systemIdentifier) {
    /** Bytes of the header on all pages but a segment's first. */
    public static final int SHORT_SIZE = 24;

    /** Bytes of the header on a segment's first page. */
    public static final int LONG_SIZE = 40;

    /** {@code XLP_FIRST_IS_CONTRECORD}: the page begins with the rest of a record. */
    public static final int FIRST_IS_CONTRECORD = 0x0001;

    /** {@code XLP_LONG_HEADER}. */
    public static final int LONG_HEADER = 0x0002;

    /** {@code XLP_BKP_REMOVABLE}. */
    public static final int BKP_REMOVABLE = 0x0004;

    /**
     * {@code XLP_FIRST_IS_OVERWRITE_CONTRECORD}: the record that should continue here never will.
     */
    public static final int FIRST_IS_OVERWRITE_CONTRECORD = 0x0008;

    private static final int ALL_FLAGS = 0x000F;

    /** The magic of a Postgres major's WAL pages. */
    public static int magicOf(int postgresMajor) {
        return switch (postgresMajor) {
            case 14 -> 0xD10D;
            case 15 -> 0xD110;
            case 16 -> 0xD113;
            case 17 -> 0xD116;
            case 18 -> 0xD118;
            default ->
                    throw new IllegalArgumentException(
                            "no WAL format is known for Postgres " + postgresMajor);
        };
    }

    /**
     * The Postgres major that writes WAL pages with this magic.
     *
     * @throws IllegalArgumentException if none does
     */
    public static int majorOf(int magic) {
        for (int major = 14; major <= 18; major++) {
            if (magicOf(major) == magic) {
                return major;
            }
        }
        throw new IllegalArgumentException("no Postgres has WAL with the magic " + hex(magic));
    }

    private static boolean isKnownMagic(int magic) {
        return magic == 0xD116
                || magic == 0xD118
                || magic == 0xD113
                || magic == 0xD110
                || magic == 0xD10D;
    }

    /**
     * Reads and checks the header of the page at {@code page}, at the buffer's position, which is
     * not moved. {@link WalSegments#pageHeaderSize} bytes must be there.
     *
     * @throws WalFormatException if the magic is of no known major, a flag is unknown, the address
     *     is not {@code page}, the form is not the one due there, or sizes are not Sluice's
     */
    public static WalPageHeader parse(ByteBuffer buffer, Lsn page) throws WalFormatException {
        ByteBuffer bytes = buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
        int magic = Short.toUnsignedInt(bytes.getShort(0));
        int info = Short.toUnsignedInt(bytes.getShort(2));
        boolean first = WalSegments.segmentOffset(page) == 0;
        if (!isKnownMagic(magic)) {
            throw damaged(page, "page magic " + hex(magic) + " is of no known Postgres");
        }
        if ((info & ~ALL_FLAGS) != 0 || ((info & LONG_HEADER) != 0) != first) {
            throw damaged(page, "page flags " + hex(info) + " are not possible there");
        }
        Lsn address = new Lsn(bytes.getLong(8));
        if (!address.equals(page)) {
            throw damaged(page, "the page header says that it is the page at " + address);
        }
        if (first) {
            checkSizes(bytes, page);
        }
        return new WalPageHeader(
                magic,
                info,
                bytes.getInt(4),
                address,
                bytes.getInt(16),
                first ? bytes.getLong(24) : 0);
    }

    private static void checkSizes(ByteBuffer bytes, Lsn page) throws WalFormatException {
        int segmentSize = bytes.getInt(32);
        int pageSize = bytes.getInt(36);
        if (segmentSize != WalSegments.SIZE || pageSize != WalSegments.PAGE_SIZE) {
            throw damaged(
                    page,
                    "segments of %d bytes and pages of %d, only 16 MiB and 8 KiB are supported"
                            .formatted(segmentSize, pageSize));
        }
    }

    private static WalFormatException damaged(Lsn page, String problem) {
        return new WalFormatException(page, problem);
    }

    private static String hex(int number) {
        return String.format("%04X", number);
    }

    /** {@link #SHORT_SIZE} or {@link #LONG_SIZE}. */
    public int size() {
        return (info & LONG_HEADER) != 0 ? LONG_SIZE : SHORT_SIZE;
    }

    /** Whether the page begins with the rest of a record of an earlier page. */
    public boolean continuesRecord() {
        return (info & FIRST_IS_CONTRECORD) != 0;
    }

    /** Whether the record that should continue here was given up after a crash. */
    public boolean overwritesRecord() {
        return (info & FIRST_IS_OVERWRITE_CONTRECORD) != 0;
    }

    /** Writes the header at the start of {@code page}, {@link #size} bytes from {@code offset}. */
    public void write(byte[] page, int offset) {
        ByteBuffer bytes = ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putShort(offset, (short) magic);
        bytes.putShort(offset + 2, (short) info);
        bytes.putInt(offset + 4, timeline);
        bytes.putLong(offset + 8, pageAddress.value());
        bytes.putInt(offset + 16, remainingLength);
        bytes.putInt(offset + 20, 0);
        if (size() == LONG_SIZE) {
            bytes.putLong(offset + 24, systemIdentifier);
            bytes.putInt(offset + 32, WalSegments.SIZE);
            bytes.putInt(offset + 36, WalSegments.PAGE_SIZE);
        }
    }
}
