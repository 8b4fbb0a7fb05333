package dev.sluice.storage.postgres.v17.redo;

import static dev.sluice.storage.page.LittleEndian.u16;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** SP-GiST records that move leaf tuples: a chain to another page, and the split of a chain. */
final class SpgistMoveRedo {
    private static final int MOVE_LEAFS_BYTES = 20;
    private static final int PICKSPLIT_BYTES = 28;

    private SpgistMoveRedo() {}

    /**
     * {@code spgRedoMoveLeafs}. Main data: u16 tuples moved, u8 new page, u8 a dead tuple is
     * replaced, u8 in the tree of nulls, pad, u16 offset number of the parent's inner tuple, u16
     * its node, pad, state at 12; offset numbers of the moved, of the inserted (those and one more,
     * or one alone), and the inserted tuples. Block 0: the page they leave; block 1: the page they
     * go to; block 2: the parent.
     */
    static void moveLeafs(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, MOVE_LEAFS_BYTES);
        int end = RecordFields.mainEnd(record);
        int moved = u16(raw, main);
        int inserted = raw[main + 3] != 0 ? 1 : moved + 1;
        int toDelete = main + MOVE_LEAFS_BYTES;
        int toInsert = toDelete + 2 * moved;
        RecordFields.need(toDelete, 2 * (moved + inserted), end);
        int tuples = toInsert + 2 * inserted;
        int target = record.blockNumber(1);
        int head = u16(raw, tuples - 2);
        switch (block) {
            case 0 -> {
                byte[] first = SpgistRedo.movedTo(raw, main + 12, target, head);
                byte[] rest = SpgistPages.deadTuple(SpgistPages.PLACEHOLDER);
                SpgistPages.deleteAll(page, raw, toDelete, moved, first, rest);
            }
            case 1 -> {
                if (RecordFields.init(record, block, raw[main + 2] != 0)) {
                    SpgistPages.init(page, SpgistRedo.leafFlags(raw[main + 4]));
                }
                int at = tuples;
                for (int i = 0; i < inserted; i++) {
                    int size = SpgistPages.leafSize(raw, at, end);
                    int item = u16(raw, toInsert + 2 * i);
                    SpgistPages.addOrReplace(page, item, raw, at, size);
                    at += size;
                }
            }
            case 2 -> {
                int node = u16(raw, main + 8);
                SpgistPages.setDownlink(page, u16(raw, main + 6), node, target, head);
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    /**
     * {@code spgRedoPickSplit}. Main data: u8 root is split, pad, u16 tuples deleted, u16 inserted,
     * u8 source is made anew, u8 destination is, u16 offset number of the new inner tuple, u8 its
     * page is made anew, u8 in the tree of nulls, u8 its page is also the parent's, pad, u16 offset
     * number of the parent's inner tuple, u16 its node, pad, state at 20; offset numbers of the
     * deleted, of the inserted; for each inserted u8 whether it goes to the destination; the inner
     * tuple; the inserted leaf tuples. Block 0: the source, unless the root is split; block 1: the
     * destination, if any; block 2: the inner tuple's page; block 3: the parent, if another.
     */
    static void pickSplit(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, PICKSPLIT_BYTES);
        switch (block) {
            case 0 -> {
                source(record, main, page);
                insertLeafs(record, main, page, false);
            }
            case 1 -> {
                if (RecordFields.init(record, block, raw[main + 7] != 0)) {
                    SpgistPages.init(page, SpgistRedo.leafFlags(raw[main + 11]));
                }
                insertLeafs(record, main, page, true);
            }
            case 2 -> {
                if (RecordFields.init(record, block, raw[main + 10] != 0)) {
                    SpgistPages.init(page, SpgistRedo.innerFlags(raw[main + 11]));
                }
                int tuple = innerTuple(record, main);
                int size = SpgistPages.innerSize(raw, tuple, RecordFields.mainEnd(record));
                SpgistPages.addOrReplace(page, u16(raw, main + 8), raw, tuple, size);
                if (raw[main + 12] != 0) {
                    linkFromParent(record, main, page);
                }
            }
            case 3 -> linkFromParent(record, main, page);
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    private static void source(WalRecord record, int main, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        if (RecordFields.init(record, 0, raw[main + 6] != 0)) {
            SpgistPages.init(page, SpgistRedo.leafFlags(raw[main + 11]));
            return;
        }
        int deleted = u16(raw, main + 2);
        RecordFields.need(main + PICKSPLIT_BYTES, 2 * deleted, RecordFields.mainEnd(record));
        int innerItem = u16(raw, main + 8);
        byte[] first = SpgistRedo.movedTo(raw, main + 20, record.blockNumber(2), innerItem);
        byte[] rest = SpgistPages.deadTuple(SpgistPages.PLACEHOLDER);
        SpgistPages.deleteAll(page, raw, main + PICKSPLIT_BYTES, deleted, first, rest);
    }

    /** Where the new inner tuple begins: after the arrays, which are checked to be there. */
    private static int innerTuple(WalRecord record, int main) throws RedoException {
        int deleted = u16(record.raw(), main + 2);
        int inserted = u16(record.raw(), main + 4);
        int arrays = 2 * deleted + 3 * inserted;
        RecordFields.need(main + PICKSPLIT_BYTES, arrays, RecordFields.mainEnd(record));
        return main + PICKSPLIT_BYTES + arrays;
    }

    private static void insertLeafs(WalRecord record, int main, byte[] page, boolean onDestination)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int end = RecordFields.mainEnd(record);
        int inserted = u16(raw, main + 4);
        int inner = innerTuple(record, main);
        int pageOf = inner - inserted;
        int items = pageOf - 2 * inserted;
        int at = inner + SpgistPages.innerSize(raw, inner, end);
        for (int i = 0; i < inserted; i++) {
            int size = SpgistPages.leafSize(raw, at, end);
            if ((raw[pageOf + i] != 0) == onDestination) {
                SpgistPages.addOrReplace(page, u16(raw, items + 2 * i), raw, at, size);
            }
            at += size;
        }
    }

    private static void linkFromParent(WalRecord record, int main, byte[] page)
            throws CorruptPageException {
        byte[] raw = record.raw();
        int node = u16(raw, main + 16);
        int innerBlock = record.blockNumber(2);
        int innerItem = u16(raw, main + 8);
        SpgistPages.setDownlink(page, u16(raw, main + 14), node, innerBlock, innerItem);
    }
}
