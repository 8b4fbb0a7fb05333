package dev.sluice.storage.oracle;

import java.util.Arrays;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Where the blocks of one relation fork or SLRU segment are: still in the base directory, in a slot
 * of the scratch file, or nowhere because they are zeros.
 */
final class BlockMap {
    private static final int PART = 1024;
    private static final int IN_BASE = 0;
    private static final int ZEROS = -1;
    private static final int[] UNTOUCHED = {};

    private final DataDirectory.@Nullable BlockFiles base;
    private int baseBlocks;
    private int blocks;
    private int[][] parts = {};

    /**
     * @param base the files it begins with; null for a new one
     */
    BlockMap(DataDirectory.@Nullable BlockFiles base) {
        this.base = base;
        this.baseBlocks = base == null ? 0 : base.blocks();
        this.blocks = baseBlocks;
    }

    /** Its size. */
    int blocks() {
        return blocks;
    }

    /** The base's files, if the block is what they hold. */
    DataDirectory.@Nullable BlockFiles inBase(int block) {
        return block < baseBlocks && place(block) == IN_BASE ? base : null;
    }

    /** The block's slot; -1 if it is in the base or zeros. */
    int slot(int block) {
        int place = place(block);
        return place > 0 ? place - 1 : -1;
    }

    private int place(int block) {
        int part = block / PART;
        int[] places = part < parts.length ? parts[part] : UNTOUCHED;
        return places.length == 0 ? IN_BASE : places[block % PART];
    }

    void setSlot(int block, int slot) {
        setPlace(block, slot + 1);
    }

    void setZeros(int block) {
        setPlace(block, ZEROS);
    }

    private void setPlace(int block, int place) {
        int part = block / PART;
        if (part >= parts.length) {
            int before = parts.length;
            parts = Arrays.copyOf(parts, Math.max(part + 1, 2 * before));
            Arrays.fill(parts, before, parts.length, UNTOUCHED);
        }
        if (parts[part].length == 0) {
            parts[part] = new int[PART];
        }
        parts[part][block % PART] = place;
    }

    /**
     * Makes it {@code count} blocks long. What is cut off is gone: blocks that come again are
     * zeros.
     *
     * @param freed receives the slots that are no more needed
     */
    void resize(int count, IntConsumer freed) {
        blocks = count;
        baseBlocks = Math.min(baseBlocks, count);
        for (int part = count / PART; part < parts.length; part++) {
            int[] places = parts[part];
            for (int i = Math.max(0, count - part * PART); i < places.length; i++) {
                if (places[i] > 0) {
                    freed.accept(places[i] - 1);
                }
                places[i] = IN_BASE;
            }
        }
    }
}
