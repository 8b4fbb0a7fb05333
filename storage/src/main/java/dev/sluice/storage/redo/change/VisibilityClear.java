package dev.sluice.storage.redo.change;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.page.VisibilityMap;
import dev.sluice.storage.redo.RedoException;
import java.nio.ByteBuffer;

/**
 * Clears visibility map bits of heap blocks, on the one page of the map that holds all of them.
 *
 * <p>Heap records imply it ({@code heap_xlog_vm_clear} and {@code heap_xlog_update} in {@code
 * heapam.c}). Since 17.11 a record registers the map's page when bits on it were really cleared;
 * then the record itself is filed under that page, and there is no change. What is left to file,
 * <em>only when the record has no block reference to the map</em> (older minors, or the bits were
 * clear already):
 *
 * <pre>
 *   record                       flag in the record                        map's block id  bits
 *   Heap INSERT                  XLH_INSERT_ALL_VISIBLE_CLEARED (0x01)      1               both
 *   Heap2 MULTI_INSERT           XLH_INSERT_ALL_VISIBLE_CLEARED (0x01)      1               both
 *   Heap DELETE                  XLH_DELETE_ALL_VISIBLE_CLEARED (0x01)      1               both
 *   Heap UPDATE, HOT_UPDATE      XLH_UPDATE_OLD_ALL_VISIBLE_CLEARED (0x01)  2 and 3         both, old block
 *                                XLH_UPDATE_NEW_ALL_VISIBLE_CLEARED (0x02)  2 and 3         both, new block
 *   Heap LOCK                    XLH_LOCK_ALL_FROZEN_CLEARED (0x01)         1               frozen only
 *   Heap2 LOCK_UPDATED           XLH_LOCK_ALL_FROZEN_CLEARED (0x01)         1               frozen only
 * </pre>
 *
 * <p>For updates the change is implied only when neither block id 2 nor 3 is registered: one of
 * them alone says that the other page's bits were clear. The flags are in the record's main data:
 * byte 2 of insert, 0 of multi-insert, 7 of delete, 7 of update, 7 of lock and lock-updated. The
 * heap blocks are the record's blocks 0 (new) and 1 (old, when it has it; else the same as new). A
 * map that has no such block yet has nothing to clear, and need not be extended for it.
 *
 * @param bits {@link VisibilityMap#VALID_BITS} or {@link VisibilityMap#ALL_FROZEN}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record VisibilityClear(int bits, int[] heapBlocks) implements PageChange {
    static final int KIND = 0x01;

    public VisibilityClear {
        if (bits != VisibilityMap.VALID_BITS && bits != VisibilityMap.ALL_FROZEN) {
            throw new IllegalArgumentException("not bits that can be cleared alone: " + bits);
        }
        Entries.checkCount(heapBlocks.length);
    }

    static VisibilityClear read(ByteBuffer in) throws RedoException {
        int bits = in.get() & 0xFF;
        if (bits != VisibilityMap.VALID_BITS && bits != VisibilityMap.ALL_FROZEN) {
            throw new RedoException("visibility map change of bits " + bits);
        }
        return new VisibilityClear(bits, Entries.readCounted(in));
    }

    @Override
    public void apply(Key key, byte[] page) throws RedoException {
        Entries.checkVisibilityMap(key, this);
        for (int heapBlock : heapBlocks) {
            Entries.checkBlock(key, VisibilityMap.mapBlock(heapBlock), "heap block", heapBlock);
            VisibilityMap.clear(page, heapBlock, bits);
        }
    }

    @Override
    public int encodedBytes() {
        return 4 + 4 * heapBlocks.length;
    }

    @Override
    public void write(ByteBuffer out) {
        out.put((byte) KIND).put((byte) bits);
        Entries.writeCounted(out, heapBlocks);
    }
}
