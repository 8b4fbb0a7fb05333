package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.storage.page.VisibilityMap;
import dev.sluice.storage.redo.change.VisibilityClear;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;

/**
 * The visibility map bits that heap records clear without registering the map's block; {@link
 * VisibilityClear} tells when ({@code heap_xlog_vm_clear} in {@code heapam.c}).
 */
final class VisibilityRecords {
    private static final int OPERATION_MASK = 0x70;
    private static final int CLEARED = 0x01;
    private static final int OLD_CLEARED = 0x01;
    private static final int NEW_CLEARED = 0x02;

    private final RecordScope scope;

    VisibilityRecords(RecordScope scope) {
        this.scope = scope;
    }

    void ingest(WalRecord record) throws IOException {
        int operation = record.rmgrInfo() & OPERATION_MASK;
        if (record.resourceManager() == ResourceManager.RM_HEAP_ID) {
            switch (operation) {
                case 0x00 -> clear(record, 2, VisibilityMap.VALID_BITS); // INSERT
                case 0x10 -> clear(record, 7, VisibilityMap.VALID_BITS); // DELETE
                case 0x20, 0x40 -> update(record); // UPDATE, HOT_UPDATE
                case 0x60 -> clear(record, 7, VisibilityMap.ALL_FROZEN); // LOCK
                default -> {} // CONFIRM and INPLACE leave the map alone
            }
        } else if (record.resourceManager() == ResourceManager.RM_HEAP2_ID) {
            switch (operation) {
                case 0x50 -> clear(record, 0, VisibilityMap.VALID_BITS); // MULTI_INSERT
                case 0x60 -> clear(record, 7, VisibilityMap.ALL_FROZEN); // LOCK_UPDATED
                default -> {} // pruning leaves the map alone, VISIBLE registers it
            }
        }
    }

    private void clear(WalRecord record, int flagsOffset, int bits) throws IOException {
        int flags = RecordData.main(record).get(flagsOffset);
        if ((flags & CLEARED) != 0 && !has(record, 1)) {
            checkHeapBlock(record);
            clear(record.blockRelation(0), bits, record.blockNumber(0));
        }
    }

    private void update(WalRecord record) throws IOException {
        int flags = RecordData.main(record).get(7);
        if ((flags & (OLD_CLEARED | NEW_CLEARED)) == 0 || has(record, 2) || has(record, 3)) {
            return;
        }
        checkHeapBlock(record);
        RelFileLocator relation = record.blockRelation(0);
        int newBlock = record.blockNumber(0);
        int oldBlock = has(record, 1) ? record.blockNumber(1) : newBlock;
        boolean clearsOld = (flags & OLD_CLEARED) != 0;
        boolean clearsNew = (flags & NEW_CLEARED) != 0 && !(clearsOld && oldBlock == newBlock);
        if (clearsOld
                && clearsNew
                && VisibilityMap.mapBlock(oldBlock) == VisibilityMap.mapBlock(newBlock)) {
            clear(relation, VisibilityMap.VALID_BITS, oldBlock, newBlock);
            return;
        }
        if (clearsOld) {
            clear(relation, VisibilityMap.VALID_BITS, oldBlock);
        }
        if (clearsNew) {
            clear(relation, VisibilityMap.VALID_BITS, newBlock);
        }
    }

    /** The heap blocks are all on one block of the map. A map without it has nothing to clear. */
    private void clear(RelFileLocator relation, int bits, int... heapBlocks) throws IOException {
        int mapBlock = VisibilityMap.mapBlock(heapBlocks[0]);
        if (mapBlock < scope.blocks(relation, Fork.VISIBILITY_MAP)) {
            scope.putBlock(
                    relation,
                    Fork.VISIBILITY_MAP,
                    mapBlock,
                    new VisibilityClear(bits, heapBlocks).encode());
        }
    }

    private void checkHeapBlock(WalRecord record) throws IOException {
        if (!has(record, 0)) {
            throw scope.refuse("it does not name the heap block whose bits it clears");
        }
    }

    private static boolean has(WalRecord record, int id) {
        return id < record.blockCount() && record.hasBlock(id);
    }
}
