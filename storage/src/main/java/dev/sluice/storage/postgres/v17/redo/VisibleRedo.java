package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.page.VisibilityMap;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;

/** Visibility map bits set by Heap2 VISIBLE and cleared by heap records that register the map. */
final class VisibleRedo {
    private static final int MAP = 0;
    private static final int HEAP = 1;

    private VisibleRedo() {}

    /** Whether the block is a map page that the record may find never initialised. */
    static boolean initializes(WalRecord record, int block) {
        return block == MAP
                && record.resourceManager() == ResourceManager.RM_HEAP2_ID
                && (record.rmgrInfo() & HeapRedo.OPERATION_MASK) == Heap2Redo.VISIBLE;
    }

    /**
     * {@code heap_xlog_visible}. Main data: u32 conflict horizon, u8 flags. Block 0 is the map's
     * page, block 1 the heap's.
     */
    static boolean redo(WalRecord record, int block, byte[] page) throws RedoException {
        if (block == HEAP) {
            Page.setFlag(page, Page.ALL_VISIBLE);
            return false;
        }
        if (block != MAP) {
            throw RecordFields.noSuchBlock(block);
        }
        int main = RecordFields.main(record, 5);
        int bits = LittleEndian.u8(record.raw(), main + 4) & VisibilityMap.VALID_BITS;
        if (Page.isNew(page)) {
            Page.init(page, 0);
        }
        int heapBlock = heapBlock(record, MAP, HEAP);
        if (VisibilityMap.get(page, heapBlock) == bits) {
            return false;
        }
        VisibilityMap.set(page, heapBlock, bits);
        return true;
    }

    /**
     * {@code visibilitymap_clear_locked}: clears bits of the heap block that is the record's block
     * {@code heap}, on the map page that is its block {@code map}.
     *
     * @return whether any of them was set
     */
    static boolean clear(WalRecord record, int map, int heap, byte[] page, int bits)
            throws RedoException {
        return VisibilityMap.clear(page, heapBlock(record, map, heap), bits);
    }

    private static int heapBlock(WalRecord record, int map, int heap) throws RedoException {
        if (!record.hasBlock(heap)) {
            throw new RedoException("no heap block " + heap + " in a record with a map block");
        }
        int heapBlock = record.blockNumber(heap);
        if (VisibilityMap.mapBlock(heapBlock) != record.blockNumber(map)) {
            throw new RedoException(
                    "heap block "
                            + Integer.toUnsignedString(heapBlock)
                            + " is not on visibility map block "
                            + Integer.toUnsignedString(record.blockNumber(map)));
        }
        return heapBlock;
    }
}
