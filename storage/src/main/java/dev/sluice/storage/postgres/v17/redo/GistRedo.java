package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;

/** {@code gist_redo} in {@code gistxlog.c}. */
final class GistRedo implements ManagerRedo {
    private static final int PAGE_UPDATE = 0x00;
    private static final int DELETE = 0x10;
    private static final int PAGE_REUSE = 0x20;
    private static final int PAGE_SPLIT = 0x30;
    private static final int PAGE_DELETE = 0x60;
    private static final int ASSIGN_LSN = 0x70;

    /** {@code SizeOfGistxlogDelete}: u32 horizon, u16 deleted, u8 catalog relation, pad. */
    private static final int DELETE_BYTES = 8;

    /**
     * {@code gistxlogPageSplit}: u32 right link, pad, u64 NSN, u8 leaf, pad, u16 pages, u8 whether
     * to follow right.
     */
    private static final int SPLIT_BYTES = 21;

    /** {@code SizeOfGistxlogPageDelete}: u64 transaction, u16 the downlink's offset number. */
    private static final int PAGE_DELETE_BYTES = 10;

    @Override
    public boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        if (completesSplit(record, block)) {
            GistPages.completeSplit(page, record.end().value());
            return true;
        }
        switch (record.rmgrInfo()) {
            case PAGE_UPDATE -> update(record, block, page);
            case DELETE -> delete(record, block, page);
            case PAGE_SPLIT -> split(record, block, page);
            case PAGE_DELETE -> deletePage(record, block, page);
            case PAGE_REUSE, ASSIGN_LSN -> throw RecordFields.noSuchBlock(block);
            default -> throw RecordFields.unknown(record);
        }
        return true;
    }

    /**
     * Whether the block is the left half of an earlier split that this record completes ({@code
     * gistRedoClearFollowRight}). That is not in the page's image: Postgres does it to the page
     * after it has logged the record, so it is redone after an image, too.
     */
    static boolean completesSplit(WalRecord record, int block) {
        return record.resourceManager() == ResourceManager.RM_GIST_ID
                && switch (record.rmgrInfo()) {
                    case PAGE_UPDATE -> block == 1;
                    case PAGE_SPLIT -> block == 0;
                    default -> false;
                };
    }

    /**
     * {@code gistRedoPageUpdateRecord}. Main data: u16 tuples deleted, u16 inserted. Block 0: the
     * page; data is the offset numbers of the deleted, then the new tuples. One for one is a
     * replacement in place.
     */
    private static void update(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        RecordFields.onlyBlock(block, 0);
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 4);
        int deleted = LittleEndian.u16(raw, main);
        int inserted = LittleEndian.u16(raw, main + 2);
        int data = RecordFields.data(record, block, 2 * deleted);
        int end = RecordFields.dataEnd(record, block);
        int tuples = data + 2 * deleted;
        if (deleted == 1 && inserted == 1) {
            int size = IndexTuple.checkedSize(raw, tuples, end);
            IndexItems.overwrite(page, LittleEndian.u16(raw, data), raw, tuples, size);
            return;
        }
        if (deleted > 0) {
            IndexItems.deleteAll(page, raw, data, deleted);
            if (GistPages.isLeaf(page)) {
                GistPages.changeFlags(page, GistPages.TUPLES_DELETED, 0);
            }
        }
        int added = GistPages.append(page, raw, tuples, end);
        if (added != inserted) {
            throw new RedoException(added + " tuples where " + inserted + " are announced");
        }
    }

    /** {@code gistRedoDeleteRecord}. The offset numbers follow in the main data. */
    private static void delete(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        RecordFields.onlyBlock(block, 0);
        byte[] raw = record.raw();
        int main = RecordFields.main(record, DELETE_BYTES);
        int deleted = LittleEndian.u16(raw, main + 4);
        int offsets = main + DELETE_BYTES;
        RecordFields.need(offsets, 2 * deleted, RecordFields.mainEnd(record));
        IndexItems.deleteAll(page, raw, offsets, deleted);
        GistPages.changeFlags(page, GistPages.TUPLES_DELETED, GistPages.HAS_GARBAGE);
    }

    /**
     * {@code gistRedoPageSplitRecord}. Blocks 1 and up: the pages that the split left, from left to
     * right, each made anew; data is a u32 count and the tuples. Each one's right link is the next,
     * the last one's what the page's was.
     */
    private static void split(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, SPLIT_BYTES);
        int pages = LittleEndian.u16(raw, main + 18);
        if (block > pages) {
            throw RecordFields.noSuchBlock(block);
        }
        RecordFields.init(record, block, true);
        long nsn = LittleEndian.i64(raw, main + 8);
        if (record.blockNumber(block) == GistPages.ROOT_BLOCK) {
            GistPages.init(page, 0, GistPages.NO_RIGHT_LINK, nsn);
        } else {
            boolean last = block == pages;
            boolean rootSplit = record.blockNumber(1) == GistPages.ROOT_BLOCK;
            boolean follow = !last && !rootSplit && raw[main + 20] != 0;
            int rightLink = last ? LittleEndian.i32(raw, main) : record.blockNumber(block + 1);
            int leaf = raw[main + 16] != 0 ? GistPages.LEAF : 0;
            GistPages.init(page, leaf | (follow ? GistPages.FOLLOW_RIGHT : 0), rightLink, nsn);
        }
        int data = RecordFields.data(record, block, 4);
        int end = RecordFields.dataEnd(record, block);
        int added = GistPages.append(page, raw, data + 4, end);
        if (added != LittleEndian.i32(raw, data)) {
            throw new RedoException(
                    added + " tuples where " + LittleEndian.i32(raw, data) + " are announced");
        }
    }

    /** {@code gistRedoPageDelete}. Block 0: the page; block 1: its parent. */
    private static void deletePage(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, PAGE_DELETE_BYTES);
        switch (block) {
            case 0 -> GistPages.setDeleted(page, LittleEndian.i64(raw, main));
            case 1 -> IndexItems.delete(page, LittleEndian.u16(raw, main + 8));
            default -> throw RecordFields.noSuchBlock(block);
        }
    }
}
