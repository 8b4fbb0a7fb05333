package dev.sluice.storage.page;

/**
 * A heap tuple's header ({@code HeapTupleHeaderData} in {@code access/htup_details.h}) in place:
 *
 * <pre>
 *   0      4      8                   12             18         20        22      23
 *   +------+------+-------------------+--------------+----------+---------+-------+-----------------
 *   | xmin | xmax | command id / xvac | ctid         | infomask2| infomask| t_hoff| null bitmap, data
 *   +------+------+-------------------+--------------+----------+---------+-------+-----------------
 * </pre>
 */
public final class HeapTuple {
    /** {@code SizeofHeapTupleHeader}. */
    public static final int HEADER_BYTES = 23;

    /** {@code MaxHeapTupleSize}. */
    public static final int MAX_BYTES = 8160;

    public static final int XMAX_KEYSHR_LOCK = 0x0010;
    public static final int COMBOCID = 0x0020;
    public static final int XMAX_EXCL_LOCK = 0x0040;
    public static final int XMAX_LOCK_ONLY = 0x0080;
    public static final int XMIN_COMMITTED = 0x0100;
    public static final int XMIN_INVALID = 0x0200;
    public static final int XMIN_FROZEN = XMIN_COMMITTED | XMIN_INVALID;
    public static final int XMAX_COMMITTED = 0x0400;
    public static final int XMAX_INVALID = 0x0800;
    public static final int XMAX_IS_MULTI = 0x1000;
    public static final int MOVED = 0xC000;

    /** {@code HEAP_LOCK_MASK}. */
    public static final int LOCK_MASK = XMAX_EXCL_LOCK | XMAX_KEYSHR_LOCK;

    /** {@code HEAP_XMAX_BITS}: all that is reset when xmax changes. */
    public static final int XMAX_BITS =
            XMAX_COMMITTED | XMAX_INVALID | XMAX_IS_MULTI | LOCK_MASK | XMAX_LOCK_ONLY;

    /** {@code HEAP_XACT_MASK}: everything about visibility. */
    public static final int XACT_MASK = 0xFFF0;

    /** In infomask2: {@code HEAP_KEYS_UPDATED}. */
    public static final int KEYS_UPDATED = 0x2000;

    /** In infomask2: {@code HEAP_HOT_UPDATED}. */
    public static final int HOT_UPDATED = 0x4000;

    private static final int SPECULATIVE_OFFSET_NUMBER = 0xFFFE;
    private static final int MOVED_PARTITIONS_OFFSET_NUMBER = 0xFFFD;
    private static final int INVALID_BLOCK = -1;

    private static final int XMAX_AT = 4;
    private static final int COMMAND_AT = 8;
    private static final int CTID_AT = 12;
    private static final int INFOMASK2_AT = 18;
    private static final int INFOMASK_AT = 20;
    private static final int HOFF_AT = 22;

    private HeapTuple() {}

    public static void setXmin(byte[] page, int tuple, int xid) {
        LittleEndian.put32(page, tuple, xid);
    }

    public static int xmin(byte[] page, int tuple) {
        return LittleEndian.i32(page, tuple);
    }

    public static void setXmax(byte[] page, int tuple, int xid) {
        LittleEndian.put32(page, tuple + XMAX_AT, xid);
    }

    public static int xmax(byte[] page, int tuple) {
        return LittleEndian.i32(page, tuple + XMAX_AT);
    }

    /** Command id or, in tuples that an ancient VACUUM FULL moved, its transaction. */
    public static void setCommand(byte[] page, int tuple, int command) {
        LittleEndian.put32(page, tuple + COMMAND_AT, command);
    }

    public static void setCtid(byte[] page, int tuple, int block, int offsetNumber) {
        IndexTuple.setBlock(page, tuple + CTID_AT, block);
        IndexTuple.setOffsetNumber(page, tuple + CTID_AT, offsetNumber);
    }

    public static int ctidBlock(byte[] page, int tuple) {
        return IndexTuple.block(page, tuple + CTID_AT);
    }

    public static int ctidOffsetNumber(byte[] page, int tuple) {
        return IndexTuple.offsetNumber(page, tuple + CTID_AT);
    }

    /** {@code HeapTupleHeaderSetMovedPartitions}: the row went to another partition. */
    public static void setMovedPartitions(byte[] page, int tuple) {
        setCtid(page, tuple, INVALID_BLOCK, MOVED_PARTITIONS_OFFSET_NUMBER);
    }

    /** {@code HeapTupleHeaderIsSpeculative}: ctid holds a speculative insertion's token. */
    public static boolean isSpeculative(byte[] page, int tuple) {
        return ctidOffsetNumber(page, tuple) == SPECULATIVE_OFFSET_NUMBER;
    }

    public static int infomask(byte[] page, int tuple) {
        return LittleEndian.u16(page, tuple + INFOMASK_AT);
    }

    public static void setInfomask(byte[] page, int tuple, int infomask) {
        LittleEndian.put16(page, tuple + INFOMASK_AT, infomask);
    }

    public static int infomask2(byte[] page, int tuple) {
        return LittleEndian.u16(page, tuple + INFOMASK2_AT);
    }

    public static void setInfomask2(byte[] page, int tuple, int infomask2) {
        LittleEndian.put16(page, tuple + INFOMASK2_AT, infomask2);
    }

    /** {@code t_hoff}: where user data begins, from the tuple's start. */
    public static int dataOffset(byte[] page, int tuple) {
        return LittleEndian.u8(page, tuple + HOFF_AT);
    }

    public static void setDataOffset(byte[] page, int tuple, int hoff) {
        page[tuple + HOFF_AT] = (byte) hoff;
    }

    /** {@code HeapTupleHeaderXminFrozen}. */
    public static boolean isXminFrozen(int infomask) {
        return (infomask & XMIN_FROZEN) == XMIN_FROZEN;
    }

    /** {@code HEAP_XMAX_IS_LOCKED_ONLY}: xmax, if valid, does not delete or update. */
    public static boolean isLockedOnly(int infomask) {
        return (infomask & XMAX_LOCK_ONLY) != 0
                || (infomask & (XMAX_IS_MULTI | LOCK_MASK)) == XMAX_EXCL_LOCK;
    }
}
