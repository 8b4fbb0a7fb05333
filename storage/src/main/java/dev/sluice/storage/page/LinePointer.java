package dev.sluice.storage.page;

/**
 * A line pointer ({@code ItemIdData} in {@code storage/itemid.h}) as the 32-bit value it is on the
 * page: 15 bits of offset, 2 of state, 15 of length, lowest first.
 */
public final class LinePointer {
    public static final int BYTES = 4;

    /** {@code LP_UNUSED}: free for reuse; the whole value is zero. */
    public static final int UNUSED = 0;

    /** {@code LP_NORMAL}: points at a tuple. */
    public static final int NORMAL = 1;

    /** {@code LP_REDIRECT}: the offset is the number of another line pointer. */
    public static final int REDIRECT = 2;

    /** {@code LP_DEAD}: known dead; with or without storage. */
    public static final int DEAD = 3;

    private static final int FIELD_MASK = 0x7FFF;

    private LinePointer() {}

    public static int of(int state, int offset, int length) {
        return offset | state << 15 | length << 17;
    }

    public static int redirect(int offsetNumber) {
        return of(REDIRECT, offsetNumber, 0);
    }

    public static int offset(int pointer) {
        return pointer & FIELD_MASK;
    }

    public static int state(int pointer) {
        return pointer >>> 15 & 3;
    }

    public static int length(int pointer) {
        return pointer >>> 17;
    }

    /** {@code ItemIdHasStorage}. */
    public static boolean hasStorage(int pointer) {
        return length(pointer) != 0;
    }

    /** {@code ItemIdIsUsed}. */
    public static boolean isUsed(int pointer) {
        return state(pointer) != UNUSED;
    }

    /** {@code PageGetMaxOffsetNumber}: line pointers on the page. */
    public static int count(byte[] page) {
        int lower = Page.lower(page);
        return lower <= Page.HEADER_BYTES ? 0 : (lower - Page.HEADER_BYTES) / BYTES;
    }

    /** Where line pointer {@code offsetNumber} (from 1) is on the page; not checked. */
    static int position(int offsetNumber) {
        return Page.HEADER_BYTES + (offsetNumber - 1) * BYTES;
    }

    /**
     * @param offsetNumber 1 to {@link #count}
     * @throws CorruptPageException if there is no such line pointer
     */
    public static int get(byte[] page, int offsetNumber) throws CorruptPageException {
        check(page, offsetNumber);
        return LittleEndian.i32(page, position(offsetNumber));
    }

    /**
     * @param offsetNumber 1 to {@link #count}
     * @throws CorruptPageException if there is no such line pointer
     */
    public static void set(byte[] page, int offsetNumber, int pointer) throws CorruptPageException {
        check(page, offsetNumber);
        LittleEndian.put32(page, position(offsetNumber), pointer);
    }

    private static void check(byte[] page, int offsetNumber) throws CorruptPageException {
        if (offsetNumber < 1
                || offsetNumber > count(page)
                || position(offsetNumber) > Page.SIZE - BYTES) {
            throw new CorruptPageException(
                    "no line pointer " + offsetNumber + ", the page has " + count(page));
        }
    }
}
