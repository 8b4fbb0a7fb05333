package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.HeapTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.page.TransactionIds;
import dev.sluice.storage.page.VisibilityMap;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.WalRecord;

/** {@code heap_redo} in {@code heapam.c}. */
final class HeapRedo implements ManagerRedo {
    private static final int INSERT = 0x00;
    private static final int DELETE = 0x10;
    private static final int UPDATE = 0x20;
    private static final int TRUNCATE = 0x30;
    private static final int HOT_UPDATE = 0x40;
    private static final int CONFIRM = 0x50;
    private static final int LOCK = 0x60;
    private static final int INPLACE = 0x70;
    static final int OPERATION_MASK = 0x70;

    /** {@code XLOG_HEAP_INIT_PAGE}: the tuple is the first on the page. */
    static final int INIT_PAGE = 0x80;

    private static final int DELETE_ALL_VISIBLE_CLEARED = 0x01;
    private static final int DELETE_IS_SUPER = 0x08;
    private static final int DELETE_IS_PARTITION_MOVE = 0x10;

    @Override
    public boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        int operation = record.rmgrInfo() & OPERATION_MASK;
        if (record.blockFork(block) == Fork.VISIBILITY_MAP) {
            return clearVisibility(record, operation, block, page);
        }
        return switch (operation) {
            case INSERT -> HeapInsertRedo.insert(record, block, page);
            case DELETE -> delete(record, block, page);
            case UPDATE -> HeapUpdateRedo.redo(record, block, page, false);
            case HOT_UPDATE -> HeapUpdateRedo.redo(record, block, page, true);
            case CONFIRM -> confirm(record, block, page);
            case LOCK -> HeapLockRedo.lock(record, block, page);
            case INPLACE -> inplace(record, block, page);
            case TRUNCATE -> throw RecordFields.noSuchBlock(block);
            default -> throw RecordFields.unknown(record);
        };
    }

    private static boolean clearVisibility(WalRecord record, int operation, int block, byte[] page)
            throws RedoException {
        return switch (operation) {
            case INSERT, DELETE ->
                    VisibleRedo.clear(record, block, 0, page, VisibilityMap.VALID_BITS);
            case LOCK -> VisibleRedo.clear(record, block, 0, page, VisibilityMap.ALL_FROZEN);
            case UPDATE, HOT_UPDATE -> HeapUpdateRedo.clearVisibility(record, block, page);
            default -> throw RecordFields.noSuchBlock(block);
        };
    }

    /** {@code heap_xlog_delete}: u32 xmax, u16 offset number, u8 infobits, u8 flags. */
    private static boolean delete(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 8);
        int offsetNumber = LittleEndian.u16(raw, main + 4);
        int flags = LittleEndian.u8(raw, main + 7);
        int tuple = Tuples.find(page, offsetNumber);
        Tuples.setXmaxBits(page, tuple, LittleEndian.u8(raw, main + 6));
        Tuples.clearHotUpdated(page, tuple);
        if ((flags & DELETE_IS_SUPER) == 0) {
            HeapTuple.setXmax(page, tuple, LittleEndian.i32(raw, main));
        } else {
            HeapTuple.setXmin(page, tuple, TransactionIds.INVALID);
        }
        Tuples.setFirstCommand(page, tuple);
        Page.setPrunable(page, record.xid());
        if ((flags & DELETE_ALL_VISIBLE_CLEARED) != 0) {
            Page.clearFlag(page, Page.ALL_VISIBLE);
        }
        if ((flags & DELETE_IS_PARTITION_MOVE) != 0) {
            HeapTuple.setMovedPartitions(page, tuple);
        } else {
            HeapTuple.setCtid(page, tuple, record.blockNumber(block), offsetNumber);
        }
        return true;
    }

    /** {@code heap_xlog_confirm}: u16 offset number. A speculative insertion is there to stay. */
    private static boolean confirm(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        int offsetNumber = LittleEndian.u16(record.raw(), RecordFields.main(record, 2));
        int tuple = Tuples.find(page, offsetNumber);
        HeapTuple.setCtid(page, tuple, record.blockNumber(block), offsetNumber);
        return true;
    }

    /** {@code heap_xlog_inplace}: u16 offset number; the block's data is the tuple's new data. */
    private static boolean inplace(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        int offsetNumber = LittleEndian.u16(record.raw(), RecordFields.main(record, 2));
        int tuple = Tuples.find(page, offsetNumber);
        int dataOffset = HeapTuple.dataOffset(page, tuple);
        int length = Items.length(page, offsetNumber) - dataOffset;
        if (record.blockDataLength(block) != length) {
            throw new RedoException(
                    "in-place update by "
                            + record.blockDataLength(block)
                            + " bytes of a tuple with "
                            + length);
        }
        System.arraycopy(
                record.raw(), record.blockDataOffset(block), page, tuple + dataOffset, length);
        return true;
    }
}
