package dev.sluice.storage.postgres.v17.redo;

import static dev.sluice.storage.page.IndexTuple.TID_BYTES;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.LittleEndian;
import java.util.Arrays;

/**
 * Posting list tuples ({@code nbtree.h}, {@code nbtdedup.c}): one key with several heap positions.
 * Where a plain tuple has its heap position, they have where the list begins (in place of the
 * block) and how many it holds (in place of the line pointer, with a flag).
 */
final class BtreePosting {
    private static final int COUNT_MASK = 0x0FFF;
    private static final int IS_POSTING = 0x2000;

    private BtreePosting() {}

    static boolean isPosting(byte[] bytes, int tuple) {
        return (IndexTuple.info(bytes, tuple) & IndexTuple.ACCESS_METHOD_BIT) != 0
                && (IndexTuple.offsetNumber(bytes, tuple) & IS_POSTING) != 0;
    }

    /** {@code BTreeTupleIsPivot}: separates pages; has no heap position. */
    static boolean isPivot(byte[] bytes, int tuple) {
        return (IndexTuple.info(bytes, tuple) & IndexTuple.ACCESS_METHOD_BIT) != 0
                && (IndexTuple.offsetNumber(bytes, tuple) & IS_POSTING) == 0;
    }

    static int count(byte[] bytes, int tuple) {
        return IndexTuple.offsetNumber(bytes, tuple) & COUNT_MASK;
    }

    /** Bytes before the list: header and key. */
    static int keyBytes(byte[] bytes, int tuple) {
        return IndexTuple.block(bytes, tuple);
    }

    /**
     * Checks that a tuple of {@code length} bytes is a posting list tuple whose list lies inside.
     */
    static void check(byte[] bytes, int tuple, int length) throws CorruptPageException {
        int key = keyBytes(bytes, tuple);
        if (!isPosting(bytes, tuple)
                || count(bytes, tuple) < 2
                || key < IndexTuple.HEADER_BYTES
                || key > length - count(bytes, tuple) * TID_BYTES) {
            throw new CorruptPageException(
                    "not a posting list tuple, or its list is not inside its " + length + " bytes");
        }
    }

    /** {@code BTreeTupleSetPosting}, with the tuple's size. */
    static void setPosting(byte[] bytes, int tuple, int count, int keyBytes, int size) {
        int flags = IndexTuple.info(bytes, tuple) & ~IndexTuple.SIZE_MASK;
        IndexTuple.setInfo(bytes, tuple, flags | IndexTuple.ACCESS_METHOD_BIT | size);
        IndexTuple.setBlock(bytes, tuple, keyBytes);
        IndexTuple.setOffsetNumber(bytes, tuple, count | IS_POSTING);
    }

    /**
     * {@code _bt_swap_posting}: a new tuple's heap position belongs inside an existing posting
     * list. It goes in there, and the list's last position becomes the new tuple's.
     *
     * @param position where in the list, 1 to its count - 1
     */
    static void swap(byte[] inserted, int newTuple, byte[] page, int posting, int position)
            throws CorruptPageException {
        check(page, posting, IndexTuple.checkedSize(page, posting, page.length));
        int count = count(page, posting);
        if (position < 1 || position >= count) {
            throw new CorruptPageException(
                    "posting list of " + count + " cannot be split at " + position);
        }
        int gap = posting + keyBytes(page, posting) + position * TID_BYTES;
        int last = gap + (count - position - 1) * TID_BYTES;
        int maxBlock = LittleEndian.i32(page, last);
        int maxOffsetNumber = LittleEndian.u16(page, last + 4);
        System.arraycopy(page, gap, page, gap + TID_BYTES, last - gap);
        System.arraycopy(inserted, newTuple, page, gap, TID_BYTES);
        LittleEndian.put32(inserted, newTuple, maxBlock);
        LittleEndian.put16(inserted, newTuple + 4, maxOffsetNumber);
    }

    /**
     * {@code _bt_update_posting}: removes some of a posting list's positions, but not all.
     *
     * @param removed ascending u16 positions in the list, from 0
     */
    static void remove(byte[] page, int offsetNumber, byte[] removed, int at, int removedCount)
            throws CorruptPageException {
        int old = Items.findIndexTuple(page, offsetNumber);
        check(page, old, Items.length(page, offsetNumber));
        int count = count(page, old);
        int key = keyBytes(page, old);
        int left = count - removedCount;
        if (left < 1 || removedCount < 1) {
            throw new CorruptPageException(
                    "cannot remove " + removedCount + " of a posting list's " + count);
        }
        int size = left > 1 ? LittleEndian.maxAlign(key + left * TID_BYTES) : key;
        byte[] tuple = Arrays.copyOfRange(page, old, old + LittleEndian.maxAlign(size));
        Arrays.fill(tuple, key, tuple.length, (byte) 0);
        int to = left > 1 ? key : 0;
        int next = 0;
        for (int i = 0; i < count; i++) {
            if (next < removedCount && LittleEndian.u16(removed, at + 2 * next) == i) {
                next++;
            } else if (i - next < left) {
                System.arraycopy(page, old + key + i * TID_BYTES, tuple, to, TID_BYTES);
                to += TID_BYTES;
            }
        }
        if (next != removedCount) {
            throw new CorruptPageException(
                    "positions to remove from a posting list of " + count + " are out of order");
        }
        if (left > 1) {
            setPosting(tuple, 0, left, key, size);
        } else {
            int flags = ~(IndexTuple.SIZE_MASK | IndexTuple.ACCESS_METHOD_BIT);
            IndexTuple.setInfo(tuple, 0, (IndexTuple.info(tuple, 0) & flags) | size);
        }
        IndexItems.overwrite(page, offsetNumber, tuple, 0, LittleEndian.maxAlign(size));
    }
}
