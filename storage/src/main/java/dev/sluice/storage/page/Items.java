package dev.sluice.storage.page;

/**
 * The items (tuples) that line pointers point at: finding, adding, removing and compacting them, as
 * {@code bufpage.c} does it, so that the bytes come out as Postgres's own recovery leaves them.
 *
 * <p>Methods take the page in good order or throw; after a throw the page's content is undefined.
 */
public final class Items {
    /** {@code MaxHeapTuplesPerPage}. */
    public static final int MAX_PER_HEAP_PAGE = 291;

    /** How {@link #reserve} treats the line pointer it is given. */
    public enum Placement {
        /** Heap: an unused line pointer or one past the last ({@code PAI_OVERWRITE}). */
        HEAP,
        /** Index: pointers from there on move up by one. */
        INDEX,
        /** As heap, but without the limit on line pointers: an index that reuses pointers. */
        OVERWRITE
    }

    private Items() {}

    /**
     * Where the item of a normal line pointer is.
     *
     * @throws CorruptPageException if there is no such line pointer, it is not normal, or what it
     *     points at is not inside the page
     */
    public static int find(byte[] page, int offsetNumber) throws CorruptPageException {
        int pointer = LinePointer.get(page, offsetNumber);
        if (LinePointer.state(pointer) != LinePointer.NORMAL) {
            throw new CorruptPageException(
                    "line pointer "
                            + offsetNumber
                            + " has state "
                            + LinePointer.state(pointer)
                            + " where a normal one is needed");
        }
        return checkedOffset(offsetNumber, pointer);
    }

    /**
     * Where the item of an index's line pointer is; dead ones have their tuples too.
     *
     * @throws CorruptPageException if there is no such line pointer or what it points at is not
     *     inside the page
     */
    public static int findIndexTuple(byte[] page, int offsetNumber) throws CorruptPageException {
        int pointer = LinePointer.get(page, offsetNumber);
        if (LinePointer.length(pointer) < IndexTuple.HEADER_BYTES) {
            throw new CorruptPageException(
                    "line pointer "
                            + offsetNumber
                            + " has "
                            + LinePointer.length(pointer)
                            + " bytes, fewer than an index tuple's header");
        }
        return checkedOffset(offsetNumber, pointer);
    }

    /**
     * @param offsetNumber 1 to {@link LinePointer#count}
     */
    public static int length(byte[] page, int offsetNumber) throws CorruptPageException {
        return LinePointer.length(LinePointer.get(page, offsetNumber));
    }

    private static int checkedOffset(int offsetNumber, int pointer) throws CorruptPageException {
        int offset = LinePointer.offset(pointer);
        if (offset < Page.HEADER_BYTES || offset + LinePointer.length(pointer) > Page.SIZE) {
            throw new CorruptPageException(
                    "line pointer "
                            + offsetNumber
                            + " points at "
                            + LinePointer.length(pointer)
                            + " bytes at "
                            + offset
                            + ", outside the page");
        }
        return offset;
    }

    /**
     * {@code PageAddItemExtended}: makes room for an item of {@code length} bytes at a line pointer
     * and returns where to write it.
     *
     * @throws CorruptPageException if the line pointer is in use or too high, or there is no room
     */
    public static int reserve(byte[] page, int offsetNumber, int length, Placement placement)
            throws CorruptPageException {
        Page.checkPointers(page);
        int limit = LinePointer.count(page) + 1;
        if (offsetNumber < 1 || offsetNumber > limit) {
            throw new CorruptPageException(
                    "cannot add item " + offsetNumber + ", the page has " + (limit - 1));
        }
        boolean exists = offsetNumber < limit;
        boolean shift = exists && placement == Placement.INDEX;
        if (exists && !shift) {
            checkUnused(page, offsetNumber);
        }
        if (placement == Placement.HEAP && offsetNumber > MAX_PER_HEAP_PAGE) {
            throw new CorruptPageException("cannot add item " + offsetNumber + " to a heap page");
        }
        int lower = Page.lower(page) + (exists && !shift ? 0 : LinePointer.BYTES);
        int upper = Page.upper(page) - LittleEndian.maxAlign(length);
        if (length <= 0 || lower > upper) {
            throw new CorruptPageException(
                    "cannot add an item of "
                            + length
                            + " bytes, "
                            + (Page.upper(page) - Page.lower(page))
                            + " are free");
        }
        int position = LinePointer.position(offsetNumber);
        if (shift) {
            int bytes = (limit - offsetNumber) * LinePointer.BYTES;
            System.arraycopy(page, position, page, position + LinePointer.BYTES, bytes);
        }
        LittleEndian.put32(page, position, LinePointer.of(LinePointer.NORMAL, upper, length));
        Page.setLower(page, lower);
        Page.setUpper(page, upper);
        return upper;
    }

    private static void checkUnused(byte[] page, int offsetNumber) throws CorruptPageException {
        int pointer = LinePointer.get(page, offsetNumber);
        if (LinePointer.isUsed(pointer) || LinePointer.hasStorage(pointer)) {
            throw new CorruptPageException(
                    "line pointer " + offsetNumber + " is in use, a new item was to go there");
        }
    }

    /** {@link #reserve}, then copies the item from {@code source}. */
    public static void add(
            byte[] page, int offsetNumber, byte[] source, int at, int length, Placement placement)
            throws CorruptPageException {
        int to = reserve(page, offsetNumber, length, placement);
        System.arraycopy(source, at, page, to, length);
    }

    /**
     * {@code PageRepairFragmentation}: closes the gaps between a heap page's tuples and drops
     * unused line pointers at the end.
     */
    public static void repairFragmentation(byte[] page) throws CorruptPageException {
        checkAlignedPointers(page);
        int count = LinePointer.count(page);
        int unused = 0;
        int lastUsed = 0;
        for (int i = 1; i <= count; i++) {
            if (LinePointer.isUsed(LinePointer.get(page, i))) {
                lastUsed = i;
            } else {
                LinePointer.set(page, i, 0);
                unused++;
            }
        }
        Compaction.compact(page, count);
        int dropped = count - lastUsed;
        Page.setLower(page, Page.lower(page) - dropped * LinePointer.BYTES);
        hintFreeLines(page, unused - dropped > 0);
    }

    /**
     * {@code PageTruncateLinePointerArray}: drops unused line pointers at the end, but for the
     * first.
     */
    public static void truncateLinePointers(byte[] page) throws CorruptPageException {
        int count = LinePointer.count(page);
        int last = count;
        while (last > 1 && !LinePointer.isUsed(LinePointer.get(page, last))) {
            last--;
        }
        boolean unusedRemain = false;
        for (int i = last; i >= 1 && !unusedRemain; i--) {
            unusedRemain = !LinePointer.isUsed(LinePointer.get(page, i));
        }
        Page.setLower(page, Page.lower(page) - (count - last) * LinePointer.BYTES);
        hintFreeLines(page, unusedRemain);
    }

    private static void hintFreeLines(byte[] page, boolean any) {
        if (any) {
            Page.setFlag(page, Page.HAS_FREE_LINES);
        } else {
            Page.clearFlag(page, Page.HAS_FREE_LINES);
        }
    }

    static void checkAlignedPointers(byte[] page) throws CorruptPageException {
        Page.checkPointers(page);
        if (Page.special(page) % 8 != 0) {
            throw new CorruptPageException(
                    "special area begins at " + Page.special(page) + ", not a multiple of 8");
        }
    }
}
