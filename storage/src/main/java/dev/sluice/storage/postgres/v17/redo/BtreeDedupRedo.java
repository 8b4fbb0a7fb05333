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

    /** Deduplication is frequent and needs room: for the page that it makes, and for a tuple. */
    private static final ThreadLocal<byte[]> MERGED =
            ThreadLocal.withInitial(() -> new byte[Page.SIZE]);

    private static final ThreadLocal<byte[]> PENDING =
            ThreadLocal.withInitial(() -> new byte[Page.SIZE]);

    private BtreeDedupRedo() {}

    static void redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int runs = LittleEndian.u16(raw, RecordFields.main(record, 2));
        int data = RecordFields.data(record, block, 4 * runs);
        byte[] merged = MERGED.get();
        BtreeSplitRedo.emptyCopy(page, merged);
        int count = LinePointer.count(page);
        int run = 0;
        int item = 1;
        if (!BtreePages.isRightmost(page) && item <= count) {
            copy(page, item, Items.length(page, item), merged);
            item++;
        }
        while (item <= count) {
            if (run < runs && LittleEndian.u16(raw, data + 4 * run) == item) {
                int tuples = LittleEndian.u16(raw, data + 4 * run + 2);
                if (tuples < 2 || tuples > count - item + 1) {
                    throw new RedoException("run of " + tuples + " tuples from " + item);
                }
                merge(page, item, tuples, merged);
                item += tuples;
                run++;
            } else {
                copy(page, item, IndexTuple.size(page, tuple(page, item)), merged);
                item++;
            }
        }
        if (run != runs) {
            throw new RedoException("runs of tuples are out of order");
        }
        System.arraycopy(merged, 0, page, 0, Page.SIZE);
        BtreePages.clearFlags(page, BtreePages.HAS_GARBAGE);
    }

    private static void copy(byte[] page, int item, int length, byte[] merged)
            throws CorruptPageException {
        append(merged, page, Items.findIndexTuple(page, item), length);
    }

    private static void append(byte[] merged, byte[] from, int at, int length)
            throws CorruptPageException {
        IndexItems.insert(merged, LinePointer.count(merged) + 1, from, at, length);
    }

    private static void merge(byte[] page, int firstItem, int tuples, byte[] merged)
            throws CorruptPageException {
        byte[] pending = PENDING.get();
        int base = tuple(page, firstItem);
        int key =
                BtreePosting.isPosting(page, base)
                        ? BtreePosting.keyBytes(page, base)
                        : IndexTuple.size(page, base);
        System.arraycopy(page, base, pending, 0, key);
        int end = key;
        for (int item = firstItem; item < firstItem + tuples; item++) {
            end = appendPositions(page, tuple(page, item), pending, end);
        }
        int size = LittleEndian.maxAlign(end);
        Arrays.fill(pending, end, size, (byte) 0);
        BtreePosting.setPosting(pending, 0, (end - key) / TID_BYTES, key, size);
        append(merged, pending, 0, size);
    }

    /** Where an item's tuple is, which is plain or a sound posting list tuple. */
    private static int tuple(byte[] page, int item) throws CorruptPageException {
        int tuple = Items.findIndexTuple(page, item);
        int size = IndexTuple.checkedSize(page, tuple, tuple + Items.length(page, item));
        if (BtreePosting.isPosting(page, tuple)) {
            BtreePosting.check(page, tuple, size);
        } else if (BtreePosting.isPivot(page, tuple)) {
            throw new CorruptPageException("item " + item + " is a pivot tuple on a leaf page");
        }
        return tuple;
    }

    private static int appendPositions(byte[] page, int tuple, byte[] pending, int end)
            throws CorruptPageException {
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
