package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LinePointer;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;

/**
 * GIN pages ({@code access/ginblock.h}): the special area, and posting tree pages, which have no
 * line pointers.
 *
 * <pre>
 *   special area          u32 right link, u16 items (of inner posting tree pages) or heap tuples
 *                         (of pending list pages), u16 flags
 *   posting tree, inner   at 24 right bound (heap position), at 32 items of u32 child (as in heap
 *                         positions) and heap position
 *   posting tree, leaf    at 24 right bound, at 32 to lower: posting lists, see GinPostingList
 * </pre>
 */
final class GinPages {
    static final int DATA = 0x0001;
    static final int LEAF = 0x0002;
    static final int DELETED = 0x0004;
    static final int LIST = 0x0010;
    static final int LIST_FULL_ROW = 0x0020;
    static final int INCOMPLETE_SPLIT = 0x0040;
    static final int COMPRESSED = 0x0080;

    static final int NO_BLOCK = -1;

    /** Where a posting tree page's items or lists begin. */
    static final int DATA_AT = Page.HEADER_BYTES + 8;

    /** Where the special area begins, and posting tree pages' data ends at the latest. */
    static final int SPECIAL_AT = Page.SIZE - 8;

    /** {@code sizeof(GinMetaPageData)}. */
    static final int META_BYTES = 56;

    private static final int META = 0x0008;
    private static final int SPECIAL_BYTES = 8;
    private static final int MAX_OFFSET_AT = Page.SIZE - 4;
    private static final int FLAGS_AT = Page.SIZE - 2;
    private static final int POSTING_ITEM_BYTES = 10;
    private static final int MAX_POSTING_ITEMS = (SPECIAL_AT - DATA_AT) / POSTING_ITEM_BYTES;

    private GinPages() {}

    /** {@code GinInitPage}. */
    static void init(byte[] page, int flags) {
        Page.init(page, SPECIAL_BYTES);
        LittleEndian.put32(page, SPECIAL_AT, NO_BLOCK);
        LittleEndian.put16(page, FLAGS_AT, flags);
    }

    /** The meta page, from the {@link #META_BYTES} that records carry of it. */
    static void initMeta(byte[] page, byte[] raw, int metadata) {
        init(page, META);
        System.arraycopy(raw, metadata, page, Page.HEADER_BYTES, META_BYTES);
        Page.setLower(page, Page.HEADER_BYTES + META_BYTES);
    }

    static int flags(byte[] page) throws CorruptPageException {
        Page.specialOf(page, SPECIAL_BYTES);
        return LittleEndian.u16(page, FLAGS_AT);
    }

    static void changeFlags(byte[] page, int set, int clear) throws CorruptPageException {
        LittleEndian.put16(page, FLAGS_AT, (flags(page) | set) & ~clear);
    }

    static void setRightLink(byte[] page, int block) throws CorruptPageException {
        Page.specialOf(page, SPECIAL_BYTES);
        LittleEndian.put32(page, SPECIAL_AT, block);
    }

    static int maxOffset(byte[] page) throws CorruptPageException {
        Page.specialOf(page, SPECIAL_BYTES);
        return LittleEndian.u16(page, MAX_OFFSET_AT);
    }

    static void setMaxOffset(byte[] page, int value) throws CorruptPageException {
        Page.specialOf(page, SPECIAL_BYTES);
        LittleEndian.put16(page, MAX_OFFSET_AT, value);
    }

    /**
     * Checks that the page belongs to a posting tree, as a leaf or not.
     *
     * @throws CorruptPageException if it does not
     */
    static void checkPostingTree(byte[] page, boolean leaf) throws CorruptPageException {
        int flags = flags(page);
        if ((flags & DATA) == 0 || ((flags & LEAF) != 0) != leaf) {
            throw new CorruptPageException(
                    "not "
                            + (leaf ? "a leaf" : "an inner")
                            + " page of a posting tree: flags 0x"
                            + Integer.toHexString(flags));
        }
    }

    /** {@code GinDataPageSetDataSize}. */
    static void setDataBytes(byte[] page, int bytes) {
        Page.setLower(page, DATA_AT + bytes);
    }

    /** {@code GinDataPageAddPostingItem}, after the one that moves up now points at its right. */
    static void insertPostingItem(byte[] page, int item, int right, byte[] raw, int from)
            throws CorruptPageException {
        checkPostingTree(page, false);
        int count = maxOffset(page);
        if (item < 1 || item > count || count >= MAX_POSTING_ITEMS) {
            throw new CorruptPageException(
                    "cannot insert item " + item + ", the page has " + count);
        }
        int at = postingItem(item);
        IndexTuple.setBlock(page, at, right);
        int bytes = (count - item + 1) * POSTING_ITEM_BYTES;
        System.arraycopy(page, at, page, at + POSTING_ITEM_BYTES, bytes);
        System.arraycopy(raw, from, page, at, POSTING_ITEM_BYTES);
        setMaxOffset(page, count + 1);
        setDataBytes(page, (count + 1) * POSTING_ITEM_BYTES);
    }

    /** {@code GinPageDeletePostingItem}. */
    static void deletePostingItem(byte[] page, int item) throws CorruptPageException {
        checkPostingTree(page, false);
        int count = maxOffset(page);
        if (item < 1 || item > count || count > MAX_POSTING_ITEMS) {
            throw new CorruptPageException(
                    "cannot delete item " + item + ", the page has " + count);
        }
        int at = postingItem(item);
        int bytes = (count - item) * POSTING_ITEM_BYTES;
        System.arraycopy(page, at + POSTING_ITEM_BYTES, page, at, bytes);
        setMaxOffset(page, count - 1);
        setDataBytes(page, (count - 1) * POSTING_ITEM_BYTES);
    }

    private static int postingItem(int item) {
        return DATA_AT + (item - 1) * POSTING_ITEM_BYTES;
    }

    /** Adds {@code count} tuples that lie one after the other, after the page's last. */
    static void append(byte[] page, byte[] raw, int from, int end, int count)
            throws RedoException, CorruptPageException {
        int item = LinePointer.count(page);
        int at = from;
        for (int i = 0; i < count; i++) {
            int size = IndexTuple.checkedSize(raw, at, end);
            IndexItems.insert(page, ++item, raw, at, size);
            at += size;
        }
        if (at != end) {
            throw new RedoException((end - at) + " bytes after " + count + " tuples");
        }
    }
}
