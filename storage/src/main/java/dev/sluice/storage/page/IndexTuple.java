package dev.sluice.storage.page;

/**
 * An index tuple's header ({@code IndexTupleData} in {@code access/itup.h}) in place: a heap
 * tuple's position (block in two 16-bit halves, high first, then line pointer) and 16 bits of size
 * and flags.
 */
public final class IndexTuple {
    public static final int HEADER_BYTES = 8;

    /** {@code ItemPointerData}: a heap tuple's position. */
    public static final int TID_BYTES = 6;

    /** {@code INDEX_SIZE_MASK}. */
    public static final int SIZE_MASK = 0x1FFF;

    /** {@code INDEX_AM_RESERVED_BIT}: the access method's own. */
    public static final int ACCESS_METHOD_BIT = 0x2000;

    private static final int OFFSET_NUMBER_AT = 4;
    private static final int INFO_AT = 6;

    private IndexTuple() {}

    public static int info(byte[] bytes, int tuple) {
        return LittleEndian.u16(bytes, tuple + INFO_AT);
    }

    public static void setInfo(byte[] bytes, int tuple, int info) {
        LittleEndian.put16(bytes, tuple + INFO_AT, info);
    }

    /** {@code IndexTupleSize}. */
    public static int size(byte[] bytes, int tuple) {
        return info(bytes, tuple) & SIZE_MASK;
    }

    public static void setSize(byte[] bytes, int tuple, int size) {
        setInfo(bytes, tuple, (info(bytes, tuple) & ~SIZE_MASK) | size);
    }

    /** The block of the position that begins at {@code tid}: a heap block or a downlink. */
    public static int block(byte[] bytes, int tid) {
        return LittleEndian.u16(bytes, tid) << 16 | LittleEndian.u16(bytes, tid + 2);
    }

    public static void setBlock(byte[] bytes, int tid, int block) {
        LittleEndian.put16(bytes, tid, block >>> 16);
        LittleEndian.put16(bytes, tid + 2, block);
    }

    /** The line pointer number of the position that begins at {@code tid}. */
    public static int offsetNumber(byte[] bytes, int tid) {
        return LittleEndian.u16(bytes, tid + OFFSET_NUMBER_AT);
    }

    public static void setOffsetNumber(byte[] bytes, int tid, int offsetNumber) {
        LittleEndian.put16(bytes, tid + OFFSET_NUMBER_AT, offsetNumber);
    }

    /**
     * The size of a tuple that must lie wholly before {@code limit}.
     *
     * @throws CorruptPageException if it does not, or is smaller than its header
     */
    public static int checkedSize(byte[] bytes, int tuple, int limit) throws CorruptPageException {
        if (tuple + HEADER_BYTES > limit) {
            throw new CorruptPageException(
                    "index tuple's header is cut short: " + (limit - tuple) + " bytes");
        }
        int size = size(bytes, tuple);
        if (size < HEADER_BYTES || size > limit - tuple) {
            throw new CorruptPageException(
                    "index tuple of " + size + " bytes where " + (limit - tuple) + " are");
        }
        return size;
    }
}
