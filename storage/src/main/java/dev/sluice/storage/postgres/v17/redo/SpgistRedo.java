package dev.sluice.storage.postgres.v17.redo;

import static dev.sluice.storage.page.LittleEndian.u16;
import static dev.sluice.storage.page.LittleEndian.u8;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/**
 * {@code spg_redo} in {@code spgxlog.c}: the insertions. {@link SpgistMoveRedo} has the records
 * that move many leaf tuples, {@link SpgistVacuumRedo} those of vacuum.
 *
 * <p>Some records carry a state of 8 bytes, {@code spgxlogState}: u32 the transaction that
 * redirections name, u8 whether the index is being built, when placeholders do in their place.
 */
final class SpgistRedo implements ManagerRedo {
    private static final int ADD_LEAF = 0x10;
    private static final int MOVE_LEAFS = 0x20;
    private static final int ADD_NODE = 0x30;
    private static final int SPLIT_TUPLE = 0x40;
    private static final int PICKSPLIT = 0x50;
    private static final int VACUUM_LEAF = 0x60;
    private static final int VACUUM_ROOT = 0x70;
    private static final int VACUUM_REDIRECT = 0x80;

    private static final int ADD_LEAF_BYTES = 10;
    private static final int ADD_NODE_BYTES = 20;
    private static final int SPLIT_TUPLE_BYTES = 6;

    @Override
    public boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        switch (record.rmgrInfo()) {
            case ADD_LEAF -> addLeaf(record, block, page);
            case MOVE_LEAFS -> SpgistMoveRedo.moveLeafs(record, block, page);
            case ADD_NODE -> addNode(record, block, page);
            case SPLIT_TUPLE -> splitTuple(record, block, page);
            case PICKSPLIT -> SpgistMoveRedo.pickSplit(record, block, page);
            case VACUUM_LEAF -> SpgistVacuumRedo.leaf(record, block, page);
            case VACUUM_ROOT -> SpgistVacuumRedo.root(record, block, page);
            case VACUUM_REDIRECT -> SpgistVacuumRedo.redirect(record, block, page);
            default -> throw RecordFields.unknown(record);
        }
        return true;
    }

    /**
     * {@code spgRedoAddLeaf}. Block 0: the leaf page; block 1: the parent. Main data: u8 new page,
     * u8 in the tree of nulls, u16 the tuple's offset number, u16 that of its chain's head, u16
     * that of the parent's inner tuple (0 if it does not change), u16 its node, then the tuple.
     */
    private static void addLeaf(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, ADD_LEAF_BYTES);
        int item = u16(raw, main + 2);
        switch (block) {
            case 0 -> {
                if (RecordFields.init(record, block, raw[main] != 0)) {
                    SpgistPages.init(page, leafFlags(raw[main + 1]));
                }
                int tuple = main + ADD_LEAF_BYTES;
                int size = SpgistPages.leafSize(raw, tuple, RecordFields.mainEnd(record));
                int head = u16(raw, main + 4);
                if (item == head) {
                    SpgistPages.replace(page, item, raw, tuple, size);
                } else {
                    SpgistPages.addOrReplace(page, item, raw, tuple, size);
                    if (head != 0) {
                        SpgistPages.setNext(page, head, item);
                    }
                }
            }
            case 1 -> {
                int node = u16(raw, main + 8);
                int leafBlock = record.blockNumber(0);
                SpgistPages.setDownlink(page, u16(raw, main + 6), node, leafBlock, item);
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    static int leafFlags(int storesNulls) {
        return SpgistPages.LEAF | innerFlags(storesNulls);
    }

    static int innerFlags(int storesNulls) {
        return storesNulls != 0 ? SpgistPages.NULLS : 0;
    }

    /**
     * {@code spgRedoAddNode}. Main data: u16 the inner tuple's offset number, u16 its new one, u8
     * new page, i8 which block the parent is, u16 the parent tuple's offset number, u16 its node,
     * state at 12, then the inner tuple with its new node.
     *
     * <p>Block 0: the tuple's page; block 1: the page it moves to, if it does not fit there any
     * more; block 2: the parent, if it is neither.
     */
    private static void addNode(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, ADD_NODE_BYTES);
        int item = u16(raw, main);
        int newItem = u16(raw, main + 2);
        int tuple = main + ADD_NODE_BYTES;
        int size = SpgistPages.innerSize(raw, tuple, RecordFields.mainEnd(record));
        if (!record.hasBlock(1)) {
            RecordFields.onlyBlock(block, 0);
            SpgistPages.replace(page, item, raw, tuple, size);
            return;
        }
        int newBlock = record.blockNumber(1);
        switch (block) {
            case 0 ->
                    SpgistPages.replaceByDead(
                            page, item, movedTo(raw, main + 12, newBlock, newItem));
            case 1 -> {
                if (RecordFields.init(record, block, raw[main + 4] != 0)) {
                    SpgistPages.init(page, 0);
                }
                SpgistPages.addOrReplace(page, newItem, raw, tuple, size);
            }
            case 2 -> {}
            default -> throw RecordFields.noSuchBlock(block);
        }
        if (raw[main + 5] == block) {
            int node = u16(raw, main + 8);
            SpgistPages.setDownlink(page, u16(raw, main + 6), node, newBlock, newItem);
        }
    }

    /**
     * What is left where tuples were that have moved.
     *
     * @param state where the record's state is
     */
    static byte[] movedTo(byte[] raw, int state, int block, int item) {
        return u8(raw, state + 4) != 0
                ? SpgistPages.deadTuple(SpgistPages.PLACEHOLDER)
                : SpgistPages.deadTuple(
                        SpgistPages.REDIRECT, block, item, LittleEndian.i32(raw, state));
    }

    /**
     * {@code spgRedoSplitTuple}: an inner tuple's prefix becomes two, one above the other. Main
     * data: u16 offset number of the upper tuple (and of the old one), u16 of the lower, u8 new
     * page, u8 both on one page, then the upper and the lower tuple. Block 0: the page; block 1:
     * the lower tuple's page, if another.
     */
    private static void splitTuple(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, SPLIT_TUPLE_BYTES);
        int end = RecordFields.mainEnd(record);
        int upper = main + SPLIT_TUPLE_BYTES;
        int upperSize = SpgistPages.innerSize(raw, upper, end);
        int lower = upper + upperSize;
        int lowerSize = SpgistPages.innerSize(raw, lower, end);
        int lowerItem = u16(raw, main + 2);
        boolean samePage = raw[main + 5] != 0;
        switch (block) {
            case 0 -> {
                SpgistPages.replace(page, u16(raw, main), raw, upper, upperSize);
                if (samePage) {
                    SpgistPages.addOrReplace(page, lowerItem, raw, lower, lowerSize);
                }
            }
            case 1 -> {
                if (RecordFields.init(record, block, raw[main + 4] != 0)) {
                    SpgistPages.init(page, 0);
                }
                SpgistPages.addOrReplace(page, lowerItem, raw, lower, lowerSize);
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }
}
