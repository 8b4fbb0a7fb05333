package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.Items.Placement;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** {@code seq_redo} in {@code commands/sequence.c}: a sequence's one page, always written whole. */
final class SequenceRedo implements ManagerRedo {
    private static final int LOG = 0x00;

    /** {@code sizeof(xl_seq_rec)}: the relation; the tuple follows. */
    private static final int HEADER_BYTES = 12;

    private static final int MAGIC = 0x1717;
    private static final int SPECIAL_BYTES = 8;

    @Override
    public boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        if (record.rmgrInfo() != LOG) {
            throw RecordFields.unknown(record);
        }
        int tuple = RecordFields.main(record, HEADER_BYTES) + HEADER_BYTES;
        int length = record.mainLength() - HEADER_BYTES;
        Page.init(page, SPECIAL_BYTES);
        LittleEndian.put32(page, Page.special(page), MAGIC);
        Items.add(page, 1, record.raw(), tuple, length, Placement.INDEX);
        return true;
    }
}
