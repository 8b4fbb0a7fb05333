package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** Redo of one resource manager's records. */
interface ManagerRedo {

    /**
     * Redoes a record on one of its blocks, whose image (if it has one) is not to be applied and
     * which the record has not reached yet.
     *
     * @param block the block id in the record
     * @param page 8192 bytes, changed in place
     * @return whether the page's LSN becomes the record's end
     * @throws RedoException if the record is not what it should be
     * @throws CorruptPageException if the page does not hold what the record needs
     */
    boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException;
}
