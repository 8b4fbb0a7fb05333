package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.HeapTuple;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/**
 * Row locks ({@code heap_xlog_lock}, {@code heap_xlog_lock_updated}). Main data: u32 xmax, u16
 * offset number, u8 infobits, u8 flags.
 */
final class HeapLockRedo {
    private static final int MAIN_BYTES = 8;

    private HeapLockRedo() {}

    static boolean lock(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        int main = RecordFields.main(record, MAIN_BYTES);
        int offsetNumber = LittleEndian.u16(record.raw(), main + 4);
        int tuple = setLocker(record, main, offsetNumber, page);
        if (HeapTuple.isLockedOnly(HeapTuple.infomask(page, tuple))) {
            Tuples.clearHotUpdated(page, tuple);
            HeapTuple.setCtid(page, tuple, record.blockNumber(block), offsetNumber);
        }
        Tuples.setFirstCommand(page, tuple);
        return true;
    }

    /** A newer version of a locked row is locked too; it keeps its forward link. */
    static boolean lockUpdated(WalRecord record, byte[] page)
            throws RedoException, CorruptPageException {
        int main = RecordFields.main(record, MAIN_BYTES);
        setLocker(record, main, LittleEndian.u16(record.raw(), main + 4), page);
        return true;
    }

    private static int setLocker(WalRecord record, int main, int offsetNumber, byte[] page)
            throws CorruptPageException {
        int tuple = Tuples.find(page, offsetNumber);
        Tuples.setXmaxBits(page, tuple, LittleEndian.u8(record.raw(), main + 6));
        HeapTuple.setXmax(page, tuple, LittleEndian.i32(record.raw(), main));
        return tuple;
    }
}
