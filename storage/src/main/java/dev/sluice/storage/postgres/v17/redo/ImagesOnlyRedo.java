package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** Managers of which only page images are redone; what else they log is refused. */
final class ImagesOnlyRedo implements ManagerRedo {
    @Override
    public boolean redo(WalRecord record, int block, byte[] page) throws RedoException {
        throw new RedoException(
                "redo of this resource manager's records without a page image is not supported");
    }
}
