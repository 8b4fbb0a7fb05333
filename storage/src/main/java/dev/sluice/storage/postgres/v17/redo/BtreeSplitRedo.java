package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * {@code btree_xlog_split}. Main data: u32 level, u16 first item that goes right, u16 the new
 * item's offset number, u16 position in the posting list before it that is split, or 0.
 *
 * <pre>
 *   block 0   the page, which stays the left one   data: [new item, if left or a posting list is
 *                                                  split] left page's high key
 *   block 1   the new right page                   data: all its items
 *   block 2   the page right of both, if any
 *   block 3   the child whose split this completes, above the leaf level
 * </pre>
 */
final class BtreeSplitRedo {
    private static final int MAIN_BYTES = 10;
    private static final int LEFT = 0;
    private static final int RIGHT = 1;
    private static final int NEXT = 2;
    private static final int CHILD = 3;

    private BtreeSplitRedo() {}

    static void redo(WalRecord record, int block, byte[] page, boolean newItemLeft)
            throws RedoException, CorruptPageException {
        int main = RecordFields.main(record, MAIN_BYTES);
        int level = LittleEndian.i32(record.raw(), main);
        switch (block) {
            case LEFT -> left(record, main, page, newItemLeft);
            case RIGHT -> {
                int next = record.hasBlock(NEXT) ? record.blockNumber(NEXT) : 0;
                int flags = level == 0 ? BtreePages.LEAF : 0;
                BtreePages.init(page, record.blockNumber(LEFT), next, level, flags);
                int data = RecordFields.data(record, RIGHT, 0);
                BtreePages.restoreItems(page, record.raw(), data, record.blockDataLength(RIGHT));
            }
            case NEXT -> BtreePages.setPrevious(page, record.blockNumber(RIGHT));
            case CHILD -> BtreePages.clearFlags(page, BtreePages.INCOMPLETE_SPLIT);
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    private static void left(WalRecord record, int main, byte[] page, boolean newItemLeft)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int newItemAt = LittleEndian.u16(raw, main + 6);
        int postingPosition = LittleEndian.u16(raw, main + 8);
        int data = RecordFields.data(record, LEFT, IndexTuple.HEADER_BYTES);
        int end = RecordFields.dataEnd(record, LEFT);
        byte @Nullable [] newItem = null;
        if (newItemLeft || postingPosition != 0) {
            int size = BtreePages.alignedSize(raw, data, end);
            byte[] item = Arrays.copyOfRange(raw, data, data + size);
            data += size;
            if (postingPosition != 0) {
                int posting = Items.findIndexTuple(page, newItemAt - 1);
                BtreePosting.swap(item, 0, page, posting, postingPosition);
            }
            newItem = newItemLeft ? item : null;
        }
        int highKeyBytes = BtreePages.alignedSize(raw, data, end);
        if (data + highKeyBytes != end) {
            throw new RedoException((end - data - highKeyBytes) + " bytes after the high key");
        }
        byte[] left = new byte[Page.SIZE];
        emptyCopy(page, left);
        IndexItems.insert(left, BtreePages.HIGH_KEY, raw, data, highKeyBytes);
        int firstRight = LittleEndian.u16(raw, main + 4);
        copyItems(page, left, firstRight, newItem, newItemAt);
        System.arraycopy(left, 0, page, 0, Page.SIZE);
        boolean leaf = LittleEndian.i32(raw, main) == 0;
        BtreePages.setFlags(page, BtreePages.INCOMPLETE_SPLIT | (leaf ? BtreePages.LEAF : 0));
        BtreePages.setNext(page, record.blockNumber(RIGHT));
        BtreePages.clearCycleId(page);
    }

    /** Copies the items that stay, with the new one among them if it belongs there. */
    private static void copyItems(
            byte[] page, byte[] left, int firstRight, byte @Nullable [] newItem, int newItemAt)
            throws CorruptPageException {
        int to = BtreePages.HIGH_KEY + 1;
        int item = BtreePages.firstDataItem(page);
        for (; item < firstRight; item++) {
            if (newItem != null && item == newItemAt) {
                IndexItems.insert(left, to++, newItem, 0, newItem.length);
            }
            int from = Items.findIndexTuple(page, item);
            IndexItems.insert(left, to++, page, from, Items.length(page, item));
        }
        if (newItem != null && item == newItemAt) {
            IndexItems.insert(left, to, newItem, 0, newItem.length);
        }
    }

    /** {@code PageGetTempPageCopySpecial}: an empty page with this one's special area. */
    static void emptyCopy(byte[] page, byte[] into) throws CorruptPageException {
        int special = Page.specialOf(page, BtreePages.SPECIAL_BYTES);
        Page.init(into, BtreePages.SPECIAL_BYTES);
        System.arraycopy(page, special, into, special, BtreePages.SPECIAL_BYTES);
    }
}
