package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.LinePointer;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import java.util.Arrays;

/**
 * SP-GiST pages and tuples ({@code access/spgist_private.h}).
 *
 * <pre>
 *   special area   u16 flags, u16 redirections, u16 placeholders, u16 page id
 *   leaf tuple     u32 state (2 bits), size (30); u16 next in chain (14 bits), flags; heap position
 *   inner tuple    u32 state (2), all the same (1), nodes (13), prefix size (16); u16 size, pad;
 *                  prefix; nodes, each an index tuple whose position is the downlink
 *   dead tuple     as a leaf tuple of 16 bytes: its position is the redirection; u32 transaction
 * </pre>
 */
final class SpgistPages {
    static final int LEAF = 0x0004;
    static final int NULLS = 0x0008;

    static final int LIVE = 0;
    static final int REDIRECT = 1;
    static final int DEAD = 2;
    static final int PLACEHOLDER = 3;

    static final int INVALID_BLOCK = -1;

    private static final int SPECIAL_BYTES = 8;
    private static final int FLAGS_AT = Page.SIZE - 8;
    private static final int REDIRECTIONS_AT = Page.SIZE - 6;
    private static final int PLACEHOLDERS_AT = Page.SIZE - 4;
    private static final int PAGE_ID_AT = Page.SIZE - 2;
    private static final int PAGE_ID = 0xFF82;

    private static final int STATE_MASK = 3;
    private static final int LEAF_HEADER_BYTES = 12;
    private static final int DEAD_TUPLE_BYTES = 16;
    private static final int INNER_HEADER_BYTES = 8;
    private static final int NEXT_AT = 4;
    private static final int NEXT_MASK = 0x3FFF;
    private static final int POINTER_AT = 6;
    private static final int DEAD_XID_AT = 12;

    private SpgistPages() {}

    /** {@code SpGistInitPage}. */
    static void init(byte[] page, int flags) {
        Page.init(page, SPECIAL_BYTES);
        LittleEndian.put16(page, FLAGS_AT, flags);
        LittleEndian.put16(page, PAGE_ID_AT, PAGE_ID);
    }

    /** The size of the leaf tuple at {@code at}, which ends no later than {@code end}. */
    static int leafSize(byte[] raw, int at, int end) throws RedoException {
        RecordFields.need(at, LEAF_HEADER_BYTES, end);
        return checkedSize(LittleEndian.i32(raw, at) >>> 2, LEAF_HEADER_BYTES, at, end);
    }

    /** The size of the inner tuple at {@code at}, which ends no later than {@code end}. */
    static int innerSize(byte[] raw, int at, int end) throws RedoException {
        RecordFields.need(at, INNER_HEADER_BYTES, end);
        return checkedSize(LittleEndian.u16(raw, at + 4), INNER_HEADER_BYTES, at, end);
    }

    private static int checkedSize(int size, int least, int at, int end) throws RedoException {
        RecordFields.need(at, size, end);
        if (size < least) {
            throw new RedoException("SP-GiST tuple of " + size + " bytes");
        }
        return size;
    }

    /** {@code addOrReplaceTuple}: at a new line pointer, or in the place of a placeholder. */
    static void addOrReplace(byte[] page, int offsetNumber, byte[] source, int at, int size)
            throws CorruptPageException {
        Page.specialOf(page, SPECIAL_BYTES);
        if (offsetNumber <= LinePointer.count(page)) {
            if (state(page, find(page, offsetNumber)) != PLACEHOLDER) {
                throw new CorruptPageException(
                        "tuple " + offsetNumber + " to be replaced is not a placeholder");
            }
            count(page, PLACEHOLDERS_AT, -1);
            IndexItems.delete(page, offsetNumber);
        }
        IndexItems.insert(page, offsetNumber, source, at, size);
    }

    /** Takes out a tuple and puts another in its place. */
    static void replace(byte[] page, int offsetNumber, byte[] source, int at, int size)
            throws CorruptPageException {
        IndexItems.delete(page, offsetNumber);
        IndexItems.insert(page, offsetNumber, source, at, size);
    }

    /** Replaces an inner tuple that went elsewhere by a dead one, and counts that. */
    static void replaceByDead(byte[] page, int offsetNumber, byte[] deadTuple)
            throws CorruptPageException {
        Page.specialOf(page, SPECIAL_BYTES);
        replace(page, offsetNumber, deadTuple, 0, DEAD_TUPLE_BYTES);
        countDead(page, state(deadTuple, 0));
    }

    /** {@code spgFormDeadTuple}; of a redirection also where to and by which transaction. */
    static byte[] deadTuple(int state, int block, int offsetNumber, int xid) {
        byte[] tuple = new byte[DEAD_TUPLE_BYTES];
        LittleEndian.put32(tuple, 0, DEAD_TUPLE_BYTES << 2 | state);
        boolean redirect = state == REDIRECT;
        IndexTuple.setBlock(tuple, POINTER_AT, redirect ? block : INVALID_BLOCK);
        IndexTuple.setOffsetNumber(tuple, POINTER_AT, redirect ? offsetNumber : 0);
        LittleEndian.put32(tuple, DEAD_XID_AT, redirect ? xid : 0);
        return tuple;
    }

    static byte[] deadTuple(int state) {
        return deadTuple(state, INVALID_BLOCK, 0, 0);
    }

    /**
     * {@code spgPageIndexMultiDelete}: replaces tuples by dead ones.
     *
     * @param at where their u16 offset numbers are, in any order
     * @param first what the first of them becomes
     * @param rest what the others become
     */
    static void deleteAll(byte[] page, byte[] raw, int at, int count, byte[] first, byte[] rest)
            throws CorruptPageException {
        if (count == 0) {
            return;
        }
        Page.specialOf(page, SPECIAL_BYTES);
        int[] sorted = new int[count];
        for (int i = 0; i < count; i++) {
            sorted[i] = LittleEndian.u16(raw, at + 2 * i);
        }
        Arrays.sort(sorted);
        byte[] offsets = new byte[2 * count];
        for (int i = 0; i < count; i++) {
            LittleEndian.put16(offsets, 2 * i, sorted[i]);
        }
        IndexItems.deleteAll(page, offsets, 0, count);
        int firstItem = LittleEndian.u16(raw, at);
        for (int item : sorted) {
            byte[] tuple = item == firstItem ? first : rest;
            IndexItems.insert(page, item, tuple, 0, DEAD_TUPLE_BYTES);
            countDead(page, state(tuple, 0));
        }
    }

    private static void countDead(byte[] page, int state) {
        switch (state) {
            case REDIRECT -> count(page, REDIRECTIONS_AT, 1);
            case PLACEHOLDER -> count(page, PLACEHOLDERS_AT, 1);
            default -> {}
        }
    }

    private static void count(byte[] page, int at, int change) {
        LittleEndian.put16(page, at, LittleEndian.u16(page, at) + change);
    }

    /** {@code spgUpdateNodeLink}: where a node of an inner tuple points. */
    static void setDownlink(byte[] page, int item, int node, int block, int offsetNumber)
            throws CorruptPageException {
        int tuple = Items.findIndexTuple(page, item);
        int end = tuple + Items.length(page, item);
        int header = LittleEndian.i32(page, tuple);
        if (node >= (header >>> 3 & 0x1FFF)) {
            throw new CorruptPageException("inner tuple " + item + " has no node " + node);
        }
        int at = tuple + INNER_HEADER_BYTES + (header >>> 16);
        for (int i = 0; i < node; i++) {
            at += IndexTuple.checkedSize(page, at, end);
        }
        IndexTuple.checkedSize(page, at, end);
        IndexTuple.setBlock(page, at, block);
        IndexTuple.setOffsetNumber(page, at, offsetNumber);
    }

    /** {@code SGLT_SET_NEXTOFFSET}: the next tuple in a leaf tuple's chain. */
    static void setNext(byte[] page, int item, int next) throws CorruptPageException {
        int at = find(page, item) + NEXT_AT;
        int flags = LittleEndian.u16(page, at) & ~NEXT_MASK;
        LittleEndian.put16(page, at, flags | (next & NEXT_MASK));
    }

    /** A redirection that nobody needs any more becomes a placeholder. */
    static void redirectToPlaceholder(byte[] page, int item) throws CorruptPageException {
        Page.specialOf(page, SPECIAL_BYTES);
        int tuple = find(page, item);
        if (state(page, tuple) != REDIRECT) {
            throw new CorruptPageException("tuple " + item + " is not a redirection");
        }
        LittleEndian.put32(page, tuple, LittleEndian.i32(page, tuple) | PLACEHOLDER);
        IndexTuple.setBlock(page, tuple + POINTER_AT, INVALID_BLOCK);
        IndexTuple.setOffsetNumber(page, tuple + POINTER_AT, 0);
        count(page, REDIRECTIONS_AT, -1);
        count(page, PLACEHOLDERS_AT, 1);
    }

    /** Removes the page's last tuples, all placeholders, from {@code first} on. */
    static void truncatePlaceholders(byte[] page, int first) throws CorruptPageException {
        Page.specialOf(page, SPECIAL_BYTES);
        int last = LinePointer.count(page);
        byte[] offsets = new byte[2 * Math.max(0, last - first + 1)];
        for (int item = first; item <= last; item++) {
            LittleEndian.put16(offsets, 2 * (item - first), item);
        }
        IndexItems.deleteAll(page, offsets, 0, offsets.length / 2);
        count(page, PLACEHOLDERS_AT, -offsets.length / 2);
    }

    /** Exchanges two line pointers. */
    static void swap(byte[] page, int item, int other) throws CorruptPageException {
        int pointer = LinePointer.get(page, item);
        LinePointer.set(page, item, LinePointer.get(page, other));
        LinePointer.set(page, other, pointer);
    }

    private static int state(byte[] bytes, int tuple) {
        return LittleEndian.i32(bytes, tuple) & STATE_MASK;
    }

    /** Where a leaf or dead tuple is, of which at least the leaf header is inside the page. */
    private static int find(byte[] page, int item) throws CorruptPageException {
        int tuple = Items.findIndexTuple(page, item);
        if (Items.length(page, item) < LEAF_HEADER_BYTES) {
            throw new CorruptPageException(
                    "SP-GiST tuple " + item + " of " + Items.length(page, item) + " bytes");
        }
        return tuple;
    }
}
