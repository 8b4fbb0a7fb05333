package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** {@code btree_redo} in {@code nbtxlog.c}. */
final class BtreeRedo implements ManagerRedo {
    private static final int INSERT_LEAF = 0x00;
    private static final int INSERT_UPPER = 0x10;
    private static final int INSERT_META = 0x20;
    private static final int SPLIT_L = 0x30;
    private static final int SPLIT_R = 0x40;
    private static final int INSERT_POST = 0x50;
    private static final int DEDUP = 0x60;
    private static final int DELETE = 0x70;
    private static final int UNLINK_PAGE = 0x80;
    private static final int UNLINK_PAGE_META = 0x90;
    private static final int NEWROOT = 0xA0;
    private static final int MARK_PAGE_HALFDEAD = 0xB0;
    private static final int VACUUM = 0xC0;
    private static final int REUSE_PAGE = 0xD0;
    private static final int META_CLEANUP = 0xE0;

    /** {@code SizeOfBtreeDelete}: u32 horizon, u16 deleted, u16 updated, u8 catalog relation. */
    private static final int DELETE_BYTES = 9;

    /** {@code SizeOfBtreeVacuum}: u16 deleted, u16 updated. */
    private static final int VACUUM_BYTES = 4;

    @Override
    public boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        switch (record.rmgrInfo()) {
            case INSERT_LEAF, INSERT_UPPER, INSERT_META -> insert(record, block, page, false);
            case INSERT_POST -> insert(record, block, page, true);
            case SPLIT_L -> BtreeSplitRedo.redo(record, block, page, true);
            case SPLIT_R -> BtreeSplitRedo.redo(record, block, page, false);
            case DEDUP -> BtreeDedupRedo.redo(record, block, page);
            case DELETE -> {
                int main = RecordFields.main(record, DELETE_BYTES);
                delete(record, block, page, main + 4);
            }
            case VACUUM -> delete(record, block, page, RecordFields.main(record, VACUUM_BYTES));
            case UNLINK_PAGE, UNLINK_PAGE_META -> BtreeUnlinkRedo.unlink(record, block, page);
            case MARK_PAGE_HALFDEAD -> BtreeUnlinkRedo.markHalfDead(record, block, page);
            case NEWROOT -> newRoot(record, block, page);
            case META_CLEANUP -> BtreePages.restoreMeta(record, block, page);
            case REUSE_PAGE -> throw RecordFields.noSuchBlock(block);
            default -> throw RecordFields.unknown(record);
        }
        return true;
    }

    /**
     * {@code btree_xlog_insert}. Main data: u16 offset number. Block 0: the page; data is the
     * tuple, after a u16 position in the posting list before it that is split. Block 1: the child
     * whose split this downlink completes. Block 2: the meta page.
     */
    private static void insert(WalRecord record, int block, byte[] page, boolean posting)
            throws RedoException, CorruptPageException {
        switch (block) {
            case 0 -> {
                byte[] raw = record.raw();
                int offsetNumber = LittleEndian.u16(raw, RecordFields.main(record, 2));
                int data = RecordFields.data(record, block, IndexTuple.HEADER_BYTES);
                int length = record.blockDataLength(block);
                if (posting) {
                    insertSplittingPosting(raw, data, length, offsetNumber, page);
                } else {
                    IndexItems.insert(page, offsetNumber, raw, data, length);
                }
            }
            case 1 -> BtreePages.clearFlags(page, BtreePages.INCOMPLETE_SPLIT);
            case 2 -> BtreePages.restoreMeta(record, block, page);
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    private static void insertSplittingPosting(
            byte[] raw, int data, int length, int offsetNumber, byte[] page)
            throws RedoException, CorruptPageException {
        int tupleBytes = length - 2;
        RecordFields.need(data + 2, IndexTuple.HEADER_BYTES, data + length);
        IndexItems.insert(page, offsetNumber, raw, data + 2, tupleBytes);
        int inserted = Items.findIndexTuple(page, offsetNumber);
        int before = Items.findIndexTuple(page, offsetNumber - 1);
        BtreePosting.swap(page, inserted, page, before, LittleEndian.u16(raw, data));
    }

    /**
     * {@code btree_xlog_vacuum}, {@code btree_xlog_delete}. Block data: the offset numbers of
     * deleted tuples, those of updated ones, and for each of these a count and the positions that
     * go from its posting list; all u16.
     *
     * @param counts where the two u16 counts are
     */
    private static void delete(WalRecord record, int block, byte[] page, int counts)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int deleted = LittleEndian.u16(raw, counts);
        int updated = LittleEndian.u16(raw, counts + 2);
        int data = RecordFields.data(record, block, 2 * (deleted + updated));
        int end = RecordFields.dataEnd(record, block);
        int offsets = data + 2 * deleted;
        int update = offsets + 2 * updated;
        for (int i = 0; i < updated; i++) {
            RecordFields.need(update, 2, end);
            int removed = LittleEndian.u16(raw, update);
            RecordFields.need(update, 2 + 2 * removed, end);
            int offsetNumber = LittleEndian.u16(raw, offsets + 2 * i);
            BtreePosting.remove(page, offsetNumber, raw, update + 2, removed);
            update += 2 + 2 * removed;
        }
        if (deleted > 0) {
            IndexItems.deleteAll(page, raw, data, deleted);
        }
        BtreePages.clearFlags(page, BtreePages.HAS_GARBAGE);
    }

    /**
     * {@code btree_xlog_newroot}. Main data: u32 root block, u32 level. Block 0: the root; data is
     * its tuples, if it has any. Block 1: the left child, whose split is complete. Block 2: the
     * meta page.
     */
    private static void newRoot(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        switch (block) {
            case 0 -> {
                int level = LittleEndian.i32(record.raw(), RecordFields.main(record, 8) + 4);
                int leaf = level == 0 ? BtreePages.LEAF : 0;
                BtreePages.init(page, 0, 0, level, BtreePages.ROOT | leaf);
                if (level != 0) {
                    int data = RecordFields.data(record, block, 0);
                    BtreePages.restoreItems(
                            page, record.raw(), data, record.blockDataLength(block));
                }
            }
            case 1 -> BtreePages.clearFlags(page, BtreePages.INCOMPLETE_SPLIT);
            case 2 -> BtreePages.restoreMeta(record, block, page);
            default -> throw RecordFields.noSuchBlock(block);
        }
    }
}
