package dev.sluice.storage.page;

import java.util.Arrays;

/**
 * A page's header ({@code PageHeaderData} in {@code storage/bufpage.h}), read and written in place:
 *
 * <pre>
 *   0          8          10      12      14      16        18        20          24
 *   +----------+----------+-------+-------+-------+---------+---------+-----------+------------
 *   | pd_lsn   | checksum | flags | lower | upper | special | version | prune xid | line pointers
 *   +----------+----------+-------+-------+-------+---------+---------+-----------+------------
 * </pre>
 *
 * <p>Line pointers grow up to {@code lower}, tuples grow down to {@code upper}, and what lies from
 * {@code special} on belongs to the access method.
 */
public final class Page {
    /** {@code BLCKSZ}. */
    public static final int SIZE = 8192;

    /** {@code SizeOfPageHeaderData}: also where the line pointers begin. */
    public static final int HEADER_BYTES = 24;

    /** {@code PD_HAS_FREE_LINES}: a hint that there are unused line pointers. */
    public static final int HAS_FREE_LINES = 0x0001;

    /** {@code PD_PAGE_FULL}: a hint that an update found no room. */
    public static final int PAGE_FULL = 0x0002;

    /** {@code PD_ALL_VISIBLE}: all tuples are visible to everyone. */
    public static final int ALL_VISIBLE = 0x0004;

    /** Size of the page and layout version 4, which every Postgres since 8.3 writes. */
    private static final int SIZE_AND_VERSION = SIZE | 4;

    private static final int CHECKSUM_AT = 8;
    private static final int FLAGS_AT = 10;
    private static final int LOWER_AT = 12;
    private static final int UPPER_AT = 14;
    private static final int SPECIAL_AT = 16;
    private static final int VERSION_AT = 18;
    private static final int PRUNE_XID_AT = 20;

    private Page() {}

    /** {@code PageInit}: an empty page with {@code specialBytes} (aligned up to 8) at its end. */
    public static void init(byte[] page, int specialBytes) {
        Arrays.fill(page, 0, SIZE, (byte) 0);
        int special = SIZE - LittleEndian.maxAlign(specialBytes);
        setLower(page, HEADER_BYTES);
        setUpper(page, special);
        LittleEndian.put16(page, SPECIAL_AT, special);
        LittleEndian.put16(page, VERSION_AT, SIZE_AND_VERSION);
    }

    /** {@code PageIsNew}: never initialised, as the pages that a relation is extended by. */
    public static boolean isNew(byte[] page) {
        return upper(page) == 0;
    }

    public static boolean isAllZero(byte[] page) {
        for (int at = 0; at < SIZE; at += Long.BYTES) {
            if (LittleEndian.i64(page, at) != 0) {
                return false;
            }
        }
        return true;
    }

    /** {@code pd_lsn}: just past the last record that changed the page. */
    public static long lsn(byte[] page) {
        return (LittleEndian.i32(page, 0) & 0xFFFFFFFFL) << 32
                | (LittleEndian.i32(page, 4) & 0xFFFFFFFFL);
    }

    public static void setLsn(byte[] page, long lsn) {
        LittleEndian.put32(page, 0, (int) (lsn >>> 32));
        LittleEndian.put32(page, 4, (int) lsn);
    }

    public static int checksum(byte[] page) {
        return LittleEndian.u16(page, CHECKSUM_AT);
    }

    public static void setChecksum(byte[] page, int checksum) {
        LittleEndian.put16(page, CHECKSUM_AT, checksum);
    }

    public static int flags(byte[] page) {
        return LittleEndian.u16(page, FLAGS_AT);
    }

    public static void setFlag(byte[] page, int flag) {
        LittleEndian.put16(page, FLAGS_AT, flags(page) | flag);
    }

    public static void clearFlag(byte[] page, int flag) {
        LittleEndian.put16(page, FLAGS_AT, flags(page) & ~flag);
    }

    public static int lower(byte[] page) {
        return LittleEndian.u16(page, LOWER_AT);
    }

    public static void setLower(byte[] page, int lower) {
        LittleEndian.put16(page, LOWER_AT, lower);
    }

    public static int upper(byte[] page) {
        return LittleEndian.u16(page, UPPER_AT);
    }

    public static void setUpper(byte[] page, int upper) {
        LittleEndian.put16(page, UPPER_AT, upper);
    }

    /** Where the special area begins; {@link #SIZE} when there is none. */
    public static int special(byte[] page) {
        return LittleEndian.u16(page, SPECIAL_AT);
    }

    public static int specialBytes(byte[] page) {
        return SIZE - special(page);
    }

    public static int pruneXid(byte[] page) {
        return LittleEndian.i32(page, PRUNE_XID_AT);
    }

    public static void setPruneXid(byte[] page, int xid) {
        LittleEndian.put32(page, PRUNE_XID_AT, xid);
    }

    /**
     * {@code PageSetPrunable}: remembers the oldest transaction whose end may make tuples
     * removable.
     */
    public static void setPrunable(byte[] page, int xid) {
        int prune = pruneXid(page);
        if (prune == 0 || TransactionIds.precedes(xid, prune)) {
            setPruneXid(page, xid);
        }
    }

    /**
     * @throws CorruptPageException if lower, upper and special are not in order inside the page
     */
    public static void checkPointers(byte[] page) throws CorruptPageException {
        int lower = lower(page);
        int upper = upper(page);
        int special = special(page);
        if (lower < HEADER_BYTES || lower > upper || upper > special || special > SIZE) {
            throw new CorruptPageException(
                    "corrupted page pointers: lower = "
                            + lower
                            + ", upper = "
                            + upper
                            + ", special = "
                            + special);
        }
    }

    /**
     * Where the special area begins, of a page whose access method keeps {@code bytes} there.
     *
     * @throws CorruptPageException if this page's special area has another size
     */
    public static int specialOf(byte[] page, int bytes) throws CorruptPageException {
        if (special(page) != SIZE - bytes) {
            throw new CorruptPageException(
                    "special area of "
                            + specialBytes(page)
                            + " bytes where "
                            + bytes
                            + " are expected");
        }
        return SIZE - bytes;
    }
}
