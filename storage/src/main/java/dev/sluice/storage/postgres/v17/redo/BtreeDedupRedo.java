package dev.sluice.storage.postgres.v17.redo;

import static dev.sluice.storage.page.IndexTuple.TID_BYTES;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.LinePointer;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;
import java.util.Arrays;

/**
 * {@code btree_xlog_dedup}: runs of a leaf page's tuples with equal keys become posting list
 * tuples. Main data: u16 runs. Block data: per run, u16 offset number of its first tuple, u16
 * tuples in it.
 */
final class BtreeDedupRedo {
    /** {@code BTMaxItemSize}. */
    private static final int MAX_ITEM_BYTES = 2704;

    private final byte[] page;
    private final byte[] merged;
    private final byte[] pending = new byte[Page.SIZE];
    private int added;

    private BtreeDedupRedo(byte[] page) throws CorruptPageException {
        this.page = page;
        this.merged = BtreeSplitRedo.emptyCopy(page);
    }

    static void redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int runs = LittleEndian.u16(raw, RecordFields.main(record, 2));
        int data = RecordFields.data(record, block, 4 * runs);
        BtreeDedupRedo dedup = new BtreeDedupRedo(page);
        int count = LinePointer.count(page);
        int run = 0;
        int item = 1;
        if (!BtreePages.isRightmost(page) && item <= count) {
            dedup.copy(item, Items.length(page, item));
            item++;
        }
        while (item <= count) {
            if (run < runs && LittleEndian.u16(raw, data + 4 * run) == item) {
                int tuples = LittleEndian.u16(raw, data + 4 * run + 2);
                if (tuples < 2 || tuples > count - item + 1) {
                    throw new RedoException("run of " + tuples + " tuples from " + item);
                }
                dedup.merge(item, tuples);
                item += tuples;
                run++;
            } else {
                dedup.copy(item, IndexTuple.size(page, dedup.tuple(item)));
                item++;
            }
        }
        if (run != runs) {
            throw new RedoException("runs of tuples are out of order");
        }
        System.arraycopy(dedup.merged, 0, page, 0, Page.SIZE);
        BtreePages.clearFlags(page, BtreePages.HAS_GARBAGE);
    }

    private void copy(int item, int length) throws CorruptPageException {
        IndexItems.insert(merged, ++added, page, Items.findIndexTuple(page, item), length);
    }

    private void merge(int firstItem, int tuples) throws CorruptPageException {
        int base = tuple(firstItem);
        int key =
                BtreePosting.isPosting(page, base)
                        ? BtreePosting.keyBytes(page, base)
                        : IndexTuple.size(page, base);
        System.arraycopy(page, base, pending, 0, key);
        int end = key;
        for (int item = firstItem; item < firstItem + tuples; item++) {
            end = appendPositions(tuple(item), end);
        }
        int size = LittleEndian.maxAlign(end);
        Arrays.fill(pending, end, size, (byte) 0);
        BtreePosting.setPosting(pending, 0, (end - key) / TID_BYTES, key, size);
        IndexItems.insert(merged, ++added, pending, 0, size);
    }

    /** Where an item's tuple is, which is plain or a sound posting list tuple. */
    private int tuple(int item) throws CorruptPageException {
        int tuple = Items.findIndexTuple(page, item);
        int size = IndexTuple.checkedSize(page, tuple, tuple + Items.length(page, item));
        if (BtreePosting.isPosting(page, tuple)) {
            BtreePosting.check(page, tuple, size);
        } else if (BtreePosting.isPivot(page, tuple)) {
            throw new CorruptPageException("item " + item + " is a pivot tuple on a leaf page");
        }
        return tuple;
    }

    private int appendPositions(int tuple, int end) throws CorruptPageException {
        boolean posting = BtreePosting.isPosting(page, tuple);
        int from = posting ? tuple + BtreePosting.keyBytes(page, tuple) : tuple;
        int bytes = posting ? BtreePosting.count(page, tuple) * TID_BYTES : TID_BYTES;
        if (LittleEndian.maxAlign(end + bytes) > MAX_ITEM_BYTES) {
            throw new CorruptPageException(
                    "posting list tuple would exceed " + MAX_ITEM_BYTES + " bytes");
        }
        System.arraycopy(page, from, pending, end, bytes);
        return end + bytes;
    }
}
