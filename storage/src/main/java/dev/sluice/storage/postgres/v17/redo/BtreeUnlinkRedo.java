package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.Items.Placement;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/**
 * Deletion of empty B-tree pages in its two steps ({@code btree_xlog_mark_page_halfdead}, {@code
 * btree_xlog_unlink_page}).
 */
final class BtreeUnlinkRedo {
    private static final int HALF_DEAD_MAIN_BYTES = 20;
    private static final int UNLINK_MAIN_BYTES = 36;

    private BtreeUnlinkRedo() {}

    /**
     * Block 0 is the leaf, made anew; block 1 its parent, which loses the downlink. Main data: u16
     * the downlink's offset number, pad, u32 leaf, left, right, top parent.
     */
    static void markHalfDead(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, HALF_DEAD_MAIN_BYTES);
        switch (block) {
            case 0 -> {
                int left = LittleEndian.i32(raw, main + 8);
                int right = LittleEndian.i32(raw, main + 12);
                initHalfDead(page, left, right, LittleEndian.i32(raw, main + 16));
            }
            case 1 -> {
                int downlink = LittleEndian.u16(raw, main);
                int next = Items.findIndexTuple(page, downlink + 1);
                int rightSibling = IndexTuple.block(page, next);
                IndexTuple.setBlock(page, Items.findIndexTuple(page, downlink), rightSibling);
                IndexItems.delete(page, downlink + 1);
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    /**
     * Block 0 is the page, made anew as deleted; 1 and 2 its siblings; 3 the leaf below, if it is
     * not the page itself; 4 the meta page. Main data: u32 left, right, level, pad, u64 when it may
     * be reused, then u32 the leaf's left, right and next top parent.
     */
    static void unlink(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, UNLINK_MAIN_BYTES);
        int left = LittleEndian.i32(raw, main);
        int right = LittleEndian.i32(raw, main + 4);
        switch (block) {
            case 0 -> {
                int level = LittleEndian.i32(raw, main + 8);
                initDeleted(page, left, right, level, LittleEndian.i64(raw, main + 16));
            }
            case 1 -> BtreePages.setNext(page, right);
            case 2 -> BtreePages.setPrevious(page, left);
            case 3 ->
                    initHalfDead(
                            page,
                            LittleEndian.i32(raw, main + 24),
                            LittleEndian.i32(raw, main + 28),
                            LittleEndian.i32(raw, main + 32));
            case 4 -> BtreePages.restoreMeta(record, block, page);
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    /** A half-dead leaf: empty but for a high key that names the subtree's top parent. */
    private static void initHalfDead(byte[] page, int left, int right, int topParent)
            throws CorruptPageException {
        BtreePages.init(page, left, right, 0, BtreePages.HALF_DEAD | BtreePages.LEAF);
        int tuple =
                Items.reserve(page, BtreePages.HIGH_KEY, IndexTuple.HEADER_BYTES, Placement.INDEX);
        IndexTuple.setBlock(page, tuple, topParent);
        IndexTuple.setOffsetNumber(page, tuple, 0);
        IndexTuple.setInfo(page, tuple, IndexTuple.HEADER_BYTES | IndexTuple.ACCESS_METHOD_BIT);
    }

    /** {@code BTPageSetDeleted}: in place of items, when the page may be reused. */
    private static void initDeleted(byte[] page, int left, int right, int level, long safeXid) {
        int leaf = level == 0 ? BtreePages.LEAF : 0;
        int flags = BtreePages.DELETED | BtreePages.HAS_FULL_XID | leaf;
        BtreePages.init(page, left, right, level, flags);
        LittleEndian.put64(page, Page.HEADER_BYTES, safeXid);
        Page.setLower(page, Page.HEADER_BYTES + Long.BYTES);
    }
}
