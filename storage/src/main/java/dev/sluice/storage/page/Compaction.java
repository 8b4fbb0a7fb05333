package dev.sluice.storage.page;

/**
 * Moves a page's items together at its end, in the order of their line pointers, the first one last
 * ({@code compactify_tuples} in {@code bufpage.c}).
 */
final class Compaction {
    /** The page as it was, for a thread's next page whose items are out of order. */
    private static final ThreadLocal<byte[]> BEFORE =
            ThreadLocal.withInitial(() -> new byte[Page.SIZE]);

    private Compaction() {}

    /** Compacts the items of the first {@code count} line pointers that have storage. */
    static void compact(byte[] page, int count) throws CorruptPageException {
        int special = Page.special(page);
        int upper = Page.upper(page);
        int total = 0;
        int previous = special;
        boolean descending = true;
        for (int i = 1; i <= count; i++) {
            int pointer = LinePointer.get(page, i);
            if (!LinePointer.hasStorage(pointer)) {
                continue;
            }
            int offset = LinePointer.offset(pointer);
            int aligned = LittleEndian.maxAlign(LinePointer.length(pointer));
            if (offset < upper || offset + aligned > special) {
                throw new CorruptPageException(
                        "corrupted line pointer " + i + ": " + aligned + " bytes at " + offset);
            }
            descending &= offset + aligned <= previous;
            previous = offset;
            total += aligned;
        }
        if (total > special - Page.lower(page)) {
            throw new CorruptPageException(
                    "corrupted item lengths: total "
                            + total
                            + ", available space "
                            + (special - Page.lower(page)));
        }
        // Descending items only move up, each into space that is free by then.
        move(descending ? page : before(page), page, count);
    }

    private static byte[] before(byte[] page) {
        byte[] copy = BEFORE.get();
        System.arraycopy(page, 0, copy, 0, Page.SIZE);
        return copy;
    }

    private static void move(byte[] from, byte[] page, int count) {
        int upper = Page.special(page);
        for (int i = 1; i <= count; i++) {
            int position = LinePointer.position(i);
            int pointer = LittleEndian.i32(page, position);
            int length = LinePointer.length(pointer);
            if (length == 0) {
                continue;
            }
            int aligned = LittleEndian.maxAlign(length);
            int offset = LinePointer.offset(pointer);
            upper -= aligned;
            if (offset != upper) {
                System.arraycopy(from, offset, page, upper, aligned);
                int moved = LinePointer.of(LinePointer.state(pointer), upper, length);
                LittleEndian.put32(page, position, moved);
            }
        }
        Page.setUpper(page, upper);
    }
}
