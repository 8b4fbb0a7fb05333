package dev.sluice.storage.postgres.v17.redo;

import static dev.sluice.storage.page.LittleEndian.u16;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** What vacuum does to one SP-GiST page, block 0 of each of these records. */
final class SpgistVacuumRedo {
    private static final int LEAF_BYTES = 16;
    private static final int ROOT_BYTES = 12;
    private static final int REDIRECT_BYTES = 10;

    private SpgistVacuumRedo() {}

    /**
     * {@code spgRedoVacuumLeaf}. Main data: u16 tuples that become dead, u16 that become
     * placeholders, u16 that move, u16 whose chain changes, state; then offset numbers: the dead,
     * the placeholders, whence tuples move, where to, whose chain changes, what comes next there.
     */
    static void leaf(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        RecordFields.onlyBlock(block, 0);
        byte[] raw = record.raw();
        int main = RecordFields.main(record, LEAF_BYTES);
        int dead = u16(raw, main);
        int placeholders = u16(raw, main + 2);
        int moves = u16(raw, main + 4);
        int chains = u16(raw, main + 6);
        int toDead = main + LEAF_BYTES;
        int toPlaceholder = toDead + 2 * dead;
        int from = toPlaceholder + 2 * placeholders;
        int to = from + 2 * moves;
        int chain = to + 2 * moves;
        int next = chain + 2 * chains;
        RecordFields.need(toDead, next + 2 * chains - toDead, RecordFields.mainEnd(record));
        byte[] deadTuple = SpgistPages.deadTuple(SpgistPages.DEAD);
        byte[] placeholder = SpgistPages.deadTuple(SpgistPages.PLACEHOLDER);
        SpgistPages.deleteAll(page, raw, toDead, dead, deadTuple, deadTuple);
        SpgistPages.deleteAll(page, raw, toPlaceholder, placeholders, placeholder, placeholder);
        for (int i = 0; i < moves; i++) {
            SpgistPages.swap(page, u16(raw, from + 2 * i), u16(raw, to + 2 * i));
        }
        SpgistPages.deleteAll(page, raw, from, moves, placeholder, placeholder);
        for (int i = 0; i < chains; i++) {
            SpgistPages.setNext(page, u16(raw, chain + 2 * i), u16(raw, next + 2 * i));
        }
    }

    /**
     * {@code spgRedoVacuumRoot}: tuples go from a root that is a leaf. Main data: u16 how many,
     * pad, state, their offset numbers.
     */
    static void root(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        RecordFields.onlyBlock(block, 0);
        int main = RecordFields.main(record, ROOT_BYTES);
        int deleted = u16(record.raw(), main);
        int offsets = main + ROOT_BYTES;
        RecordFields.need(offsets, 2 * deleted, RecordFields.mainEnd(record));
        IndexItems.deleteAll(page, record.raw(), offsets, deleted);
    }

    /**
     * {@code spgRedoVacuumRedirect}. Main data: u16 redirections that become placeholders, u16 the
     * first of the placeholders that go from the page's end (0 if none do), u32 horizon, u8 catalog
     * relation, pad, the redirections' offset numbers.
     */
    static void redirect(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        RecordFields.onlyBlock(block, 0);
        byte[] raw = record.raw();
        int main = RecordFields.main(record, REDIRECT_BYTES);
        int redirections = u16(raw, main);
        int offsets = main + REDIRECT_BYTES;
        RecordFields.need(offsets, 2 * redirections, RecordFields.mainEnd(record));
        for (int i = 0; i < redirections; i++) {
            SpgistPages.redirectToPlaceholder(page, u16(raw, offsets + 2 * i));
        }
        int firstPlaceholder = u16(raw, main + 2);
        if (firstPlaceholder != 0) {
            SpgistPages.truncatePlaceholders(page, firstPlaceholder);
        }
    }
}
