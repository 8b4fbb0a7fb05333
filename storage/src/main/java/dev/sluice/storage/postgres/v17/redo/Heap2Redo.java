package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.VisibilityMap;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.WalRecord;

/** {@code heap2_redo} in {@code heapam.c}. */
final class Heap2Redo implements ManagerRedo {
    private static final int REWRITE = 0x00;
    private static final int PRUNE_ON_ACCESS = 0x10;
    private static final int PRUNE_VACUUM_SCAN = 0x20;
    private static final int PRUNE_VACUUM_CLEANUP = 0x30;
    static final int VISIBLE = 0x40;
    private static final int MULTI_INSERT = 0x50;
    private static final int LOCK_UPDATED = 0x60;
    private static final int NEW_CID = 0x70;

    @Override
    public boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        int operation = record.rmgrInfo() & HeapRedo.OPERATION_MASK;
        boolean map = record.blockFork(block) == Fork.VISIBILITY_MAP;
        return switch (operation) {
            case PRUNE_ON_ACCESS, PRUNE_VACUUM_SCAN, PRUNE_VACUUM_CLEANUP ->
                    PruneRedo.redo(record, block, page);
            case VISIBLE -> VisibleRedo.redo(record, block, page);
            case MULTI_INSERT ->
                    map
                            ? VisibleRedo.clear(record, block, 0, page, VisibilityMap.VALID_BITS)
                            : HeapInsertRedo.multiInsert(record, block, page);
            case LOCK_UPDATED ->
                    map
                            ? VisibleRedo.clear(record, block, 0, page, VisibilityMap.ALL_FROZEN)
                            : HeapLockRedo.lockUpdated(record, page);
            case REWRITE, NEW_CID -> throw RecordFields.noSuchBlock(block);
            default -> throw RecordFields.unknown(record);
        };
    }
}
