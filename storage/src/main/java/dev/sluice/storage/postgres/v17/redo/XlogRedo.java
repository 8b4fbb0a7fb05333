package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** {@code xlog_redo}: of its records only full-page images touch pages. */
final class XlogRedo implements ManagerRedo {
    static final int FPI_FOR_HINT = 0xA0;
    static final int FPI = 0xB0;

    @Override
    public boolean redo(WalRecord record, int block, byte[] page) throws RedoException {
        return switch (record.rmgrInfo()) {
            case FPI_FOR_HINT -> false;
            case FPI -> throw new RedoException("no full-page image in the record");
            default -> throw RecordFields.unknown(record);
        };
    }
}
