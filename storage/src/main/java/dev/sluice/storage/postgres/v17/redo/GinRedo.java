package dev.sluice.storage.postgres.v17.redo;

import static dev.sluice.storage.page.LittleEndian.i32;
import static dev.sluice.storage.page.LittleEndian.u16;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/**
 * {@code gin_redo} in {@code ginxlog.c}: entry tree and posting trees. {@link GinPendingRedo} has
 * the records of the pending list.
 */
final class GinRedo implements ManagerRedo {
    private static final int CREATE_PTREE = 0x10;
    private static final int INSERT = 0x20;
    private static final int SPLIT = 0x30;
    private static final int VACUUM_PAGE = 0x40;
    private static final int DELETE_PAGE = 0x50;
    private static final int UPDATE_META_PAGE = 0x60;
    private static final int INSERT_LISTPAGE = 0x70;
    private static final int DELETE_LISTPAGE = 0x80;
    private static final int VACUUM_DATA_LEAF_PAGE = 0x90;

    /** Flags of insert records: the tree is a posting tree, the page a leaf. */
    private static final int IS_DATA = 0x01;

    private static final int IS_LEAF = 0x02;

    /** Of a split record: u16 flags at 24. */
    private static final int SPLIT_BYTES = 26;

    private static final int DELETE_PAGE_BYTES = 12;

    @Override
    public boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        switch (record.rmgrInfo()) {
            case CREATE_PTREE -> createPostingTree(record, block, page);
            case INSERT -> insert(record, block, page);
            case SPLIT -> split(record, block, page);
            case VACUUM_PAGE -> throw noImage();
            case VACUUM_DATA_LEAF_PAGE -> {
                RecordFields.onlyBlock(block, 0);
                int data = RecordFields.data(record, block, 2);
                int end = RecordFields.dataEnd(record, block);
                GinRecompression.apply(record.raw(), data, end, page);
            }
            case DELETE_PAGE -> deletePage(record, block, page);
            case UPDATE_META_PAGE -> GinPendingRedo.updateMeta(record, block, page);
            case INSERT_LISTPAGE -> GinPendingRedo.insertPage(record, block, page);
            case DELETE_LISTPAGE -> GinPendingRedo.deletePages(record, block, page);
            default -> throw RecordFields.unknown(record);
        }
        return true;
    }

    private static RedoException noImage() {
        return new RedoException("no full-page image of a block that needs one");
    }

    /** {@code ginRedoCreatePTree}. Block 0: the new leaf. Main data: u32 bytes of posting lists. */
    private static void createPostingTree(WalRecord record, int block, byte[] page)
            throws RedoException {
        RecordFields.onlyBlock(block, 0);
        RecordFields.init(record, block, true);
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 4);
        int bytes = i32(raw, main);
        RecordFields.need(main + 4, bytes, RecordFields.mainEnd(record));
        if (bytes > GinPages.SPECIAL_AT - GinPages.DATA_AT) {
            throw new RedoException("posting lists of " + bytes + " bytes for one page");
        }
        GinPages.init(page, GinPages.DATA | GinPages.LEAF | GinPages.COMPRESSED);
        System.arraycopy(raw, main + 4, page, GinPages.DATA_AT, bytes);
        GinPages.setDataBytes(page, bytes);
    }

    /**
     * {@code ginRedoInsert}. Main data: u16 flags and, above the leaf level, the blocks of the left
     * and right child whose split this completes (each as in heap positions). Block 0: the page,
     * its data depends on the tree; block 1: the left child.
     */
    private static void insert(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 2);
        int flags = u16(raw, main);
        boolean leaf = (flags & IS_LEAF) != 0;
        if (block == 1 && !leaf) {
            GinPages.changeFlags(page, 0, GinPages.INCOMPLETE_SPLIT);
            return;
        }
        RecordFields.onlyBlock(block, 0);
        int right = GinPages.NO_BLOCK;
        if (!leaf) {
            right = IndexTuple.block(raw, RecordFields.main(record, 10) + 6);
        }
        if ((flags & IS_DATA) == 0) {
            insertEntry(record, right, page);
        } else if (leaf) {
            int data = RecordFields.data(record, 0, 2);
            GinRecompression.apply(raw, data, RecordFields.dataEnd(record, 0), page);
        } else {
            int data = RecordFields.data(record, 0, 12);
            GinPages.insertPostingItem(page, u16(raw, data), right, raw, data + 2);
        }
    }

    /**
     * {@code ginRedoInsertEntry}. Block data: u16 offset number, u8 whether that tuple is replaced,
     * pad, the tuple.
     */
    private static void insertEntry(WalRecord record, int right, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int data = RecordFields.data(record, 0, 4);
        int item = u16(raw, data);
        if ((GinPages.flags(page) & GinPages.DATA) != 0) {
            throw new CorruptPageException("a posting tree's page where an entry is to go");
        }
        if (right != GinPages.NO_BLOCK) {
            int next = Items.findIndexTuple(page, item);
            IndexTuple.setBlock(page, next, right);
            IndexTuple.setOffsetNumber(page, next, 0);
        }
        if (raw[data + 2] != 0) {
            IndexItems.delete(page, item);
        }
        int size = IndexTuple.checkedSize(raw, data + 4, RecordFields.dataEnd(record, 0));
        IndexItems.insert(page, item, raw, data + 4, size);
    }

    /** {@code ginRedoSplit}: images of all pages, but for the child whose split this completes. */
    private static void split(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        int flags = u16(record.raw(), RecordFields.main(record, SPLIT_BYTES) + 24);
        if (block != 3 || (flags & IS_LEAF) != 0) {
            throw noImage();
        }
        GinPages.changeFlags(page, 0, GinPages.INCOMPLETE_SPLIT);
    }

    /**
     * {@code ginRedoDeletePage}. Main data: u16 the downlink's offset number, pad, u32 the page's
     * right link, u32 transaction. Block 0: the page; block 1: its parent; block 2: its left
     * sibling.
     */
    private static void deletePage(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, DELETE_PAGE_BYTES);
        switch (block) {
            case 0 -> {
                GinPages.changeFlags(page, GinPages.DELETED, 0);
                Page.setPruneXid(page, i32(raw, main + 8));
            }
            case 1 -> GinPages.deletePostingItem(page, u16(raw, main));
            case 2 -> GinPages.setRightLink(page, i32(raw, main + 4));
            default -> throw RecordFields.noSuchBlock(block);
        }
    }
}
