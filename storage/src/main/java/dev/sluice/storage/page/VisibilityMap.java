package dev.sluice.storage.page;

import java.util.Arrays;

/**
 * Where a heap block's two bits are in a relation's visibility map ({@code visibilitymap.c}): two
 * bits per heap block, lowest first, after the page header.
 */
public final class VisibilityMap {
    /** {@code VISIBILITYMAP_ALL_VISIBLE}. */
    public static final int ALL_VISIBLE = 0x01;

    /** {@code VISIBILITYMAP_ALL_FROZEN}. */
    public static final int ALL_FROZEN = 0x02;

    /** {@code VISIBILITYMAP_VALID_BITS}. */
    public static final int VALID_BITS = ALL_VISIBLE | ALL_FROZEN;

    private static final int MAP_OFFSET = 24;
    private static final int HEAP_BLOCKS_PER_BYTE = 4;

    /** Heap blocks that one block of the map covers. */
    public static final int HEAP_BLOCKS_PER_BLOCK = (Page.SIZE - MAP_OFFSET) * HEAP_BLOCKS_PER_BYTE;

    private VisibilityMap() {}

    /** The block of the map that holds a heap block's bits. */
    public static int mapBlock(int heapBlock) {
        return Integer.divideUnsigned(heapBlock, HEAP_BLOCKS_PER_BLOCK);
    }

    /** The bits of a heap block whose bits are on this page of the map. */
    public static int get(byte[] mapPage, int heapBlock) {
        return mapPage[at(heapBlock)] >>> shift(heapBlock) & VALID_BITS;
    }

    public static void set(byte[] mapPage, int heapBlock, int bits) {
        mapPage[at(heapBlock)] |= (byte) (bits << shift(heapBlock));
    }

    /** Clears bits; true if any of them was set. */
    public static boolean clear(byte[] mapPage, int heapBlock, int bits) {
        int at = at(heapBlock);
        int mask = bits << shift(heapBlock);
        boolean cleared = (mapPage[at] & mask) != 0;
        mapPage[at] &= (byte) ~mask;
        return cleared;
    }

    /**
     * Clears the bits of {@code heapBlock} and of all blocks after it that are on this page ({@code
     * visibilitymap_prepare_truncate}).
     */
    public static void clearFrom(byte[] mapPage, int heapBlock) {
        int at = at(heapBlock);
        mapPage[at] &= (byte) ((1 << shift(heapBlock)) - 1);
        Arrays.fill(mapPage, at + 1, Page.SIZE, (byte) 0);
    }

    private static int at(int heapBlock) {
        return MAP_OFFSET
                + Integer.remainderUnsigned(heapBlock, HEAP_BLOCKS_PER_BLOCK)
                        / HEAP_BLOCKS_PER_BYTE;
    }

    private static int shift(int heapBlock) {
        return Integer.remainderUnsigned(heapBlock, HEAP_BLOCKS_PER_BLOCK)
                % HEAP_BLOCKS_PER_BYTE
                * 2;
    }
}
