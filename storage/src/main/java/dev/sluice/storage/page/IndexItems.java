package dev.sluice.storage.page;

import dev.sluice.storage.page.Items.Placement;

/**
 * Removing and replacing items of index pages, whose line pointers have no gaps ({@code
 * PageIndexTupleDelete} and its relatives in {@code bufpage.c}).
 */
public final class IndexItems {
    private IndexItems() {}

    /** {@code PageIndexTupleDelete}: removes one item and its line pointer. */
    public static void delete(byte[] page, int offsetNumber) throws CorruptPageException {
        Items.checkAlignedPointers(page);
        int pointer = checkedPointer(page, offsetNumber);
        int position = LinePointer.position(offsetNumber);
        int following = Page.lower(page) - position - LinePointer.BYTES;
        System.arraycopy(page, position + LinePointer.BYTES, page, position, following);
        Page.setLower(page, Page.lower(page) - LinePointer.BYTES);
        closeGap(page, LinePointer.offset(pointer), LinePointer.length(pointer));
    }

    /**
     * {@code PageIndexTupleDeleteNoCompact}: removes one item; its line pointer stays, unused,
     * unless it is the last.
     */
    public static void deleteKeepingPointer(byte[] page, int offsetNumber)
            throws CorruptPageException {
        Items.checkAlignedPointers(page);
        int pointer = checkedPointer(page, offsetNumber);
        if (offsetNumber < LinePointer.count(page)) {
            LinePointer.set(page, offsetNumber, 0);
        } else {
            Page.setLower(page, Page.lower(page) - LinePointer.BYTES);
        }
        closeGap(page, LinePointer.offset(pointer), LinePointer.length(pointer));
    }

    /** Moves what lies below a removed item up over it. */
    private static void closeGap(byte[] page, int offset, int length) {
        int size = LittleEndian.maxAlign(length);
        int upper = Page.upper(page);
        System.arraycopy(page, upper, page, upper + size, offset - upper);
        Page.setUpper(page, upper + size);
        shiftPointers(page, offset, size);
    }

    /** Adds {@code by} to the offset of every item at or below {@code offset}. */
    private static void shiftPointers(byte[] page, int offset, int by) {
        int count = LinePointer.count(page);
        for (int i = 1; i <= count; i++) {
            int position = LinePointer.position(i);
            int pointer = LittleEndian.i32(page, position);
            if (LinePointer.hasStorage(pointer) && LinePointer.offset(pointer) <= offset) {
                LittleEndian.put32(page, position, pointer + by);
            }
        }
    }

    /**
     * {@code PageIndexMultiDelete}: removes several items.
     *
     * @param offsetNumbers 16-bit line pointer numbers, ascending, in little-endian bytes
     * @param at where the first is
     * @param count how many there are
     */
    public static void deleteAll(byte[] page, byte[] offsetNumbers, int at, int count)
            throws CorruptPageException {
        if (count <= 2) {
            for (int i = count - 1; i >= 0; i--) {
                delete(page, LittleEndian.u16(offsetNumbers, at + 2 * i));
            }
            return;
        }
        Items.checkAlignedPointers(page);
        int items = LinePointer.count(page);
        int kept = 0;
        int next = 0;
        for (int i = 1; i <= items; i++) {
            int pointer = checkedPointer(page, i);
            if (next < count && LittleEndian.u16(offsetNumbers, at + 2 * next) == i) {
                next++;
            } else {
                kept++;
                LittleEndian.put32(page, LinePointer.position(kept), pointer);
            }
        }
        if (next != count) {
            throw new CorruptPageException(
                    "item "
                            + LittleEndian.u16(offsetNumbers, at + 2 * next)
                            + " to delete is out of order or past the last, "
                            + items);
        }
        Page.setLower(page, Page.HEADER_BYTES + kept * LinePointer.BYTES);
        Compaction.compact(page, kept);
    }

    /**
     * {@code PageIndexTupleOverwrite}: replaces an item in its place, moving what lies below it.
     *
     * @throws CorruptPageException if there is no such item or no room
     */
    public static void overwrite(byte[] page, int offsetNumber, byte[] source, int at, int length)
            throws CorruptPageException {
        Items.checkAlignedPointers(page);
        int pointer = checkedPointer(page, offsetNumber);
        int upper = Page.upper(page);
        int oldSize = LittleEndian.maxAlign(LinePointer.length(pointer));
        int newSize = LittleEndian.maxAlign(length);
        if (length <= 0 || newSize > oldSize + (upper - Page.lower(page))) {
            throw new CorruptPageException(
                    "no room to replace item "
                            + offsetNumber
                            + " of "
                            + oldSize
                            + " bytes by one of "
                            + length);
        }
        int offset = LinePointer.offset(pointer);
        int shift = oldSize - newSize;
        if (shift != 0) {
            System.arraycopy(page, upper, page, upper + shift, offset - upper);
            Page.setUpper(page, upper + shift);
            shiftPointers(page, offset, shift);
        }
        int replaced = LinePointer.of(LinePointer.state(pointer), offset + shift, length);
        LinePointer.set(page, offsetNumber, replaced);
        System.arraycopy(source, at, page, offset + shift, length);
    }

    /** {@link Items#add} at a line pointer, moving those from there on up. */
    public static void insert(byte[] page, int offsetNumber, byte[] source, int at, int length)
            throws CorruptPageException {
        Items.add(page, offsetNumber, source, at, length, Placement.INDEX);
    }

    private static int checkedPointer(byte[] page, int offsetNumber) throws CorruptPageException {
        int pointer = LinePointer.get(page, offsetNumber);
        int offset = LinePointer.offset(pointer);
        int length = LinePointer.length(pointer);
        if (offset < Page.upper(page)
                || offset + LittleEndian.maxAlign(length) > Page.special(page)
                || offset % 8 != 0) {
            throw new CorruptPageException(
                    "corrupted line pointer "
                            + offsetNumber
                            + ": offset = "
                            + offset
                            + ", size = "
                            + length);
        }
        return pointer;
    }
}
