package dev.sluice.storage.layer;

import dev.sluice.storage.key.Key;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A layer file's filter and sparse index, in memory: where each block is and what it begins with.
 */
final class LayerIndex {
    private final KeyFilter filter;
    private final byte[] firsts;
    private final long[] offsets;
    private final int[] storedLengths;
    private final int[] rawLengths;

    /**
     * @param index the Index part of the file, without its checksum
     */
    LayerIndex(KeyFilter filter, ByteBuffer index, int blocks) {
        this.filter = filter;
        firsts = new byte[blocks * LayerFormat.VERSIONED_KEY_BYTES];
        offsets = new long[blocks];
        storedLengths = new int[blocks];
        rawLengths = new int[blocks];
        for (int i = 0; i < blocks; i++) {
            index.get(firsts, i * LayerFormat.VERSIONED_KEY_BYTES, LayerFormat.VERSIONED_KEY_BYTES);
            offsets[i] = index.getLong();
            storedLengths[i] = index.getInt();
            rawLengths[i] = index.getInt();
        }
    }

    int bytes() {
        return filter.bytes() + offsets.length * LayerFormat.INDEX_ENTRY_BYTES + 200;
    }

    int blocks() {
        return offsets.length;
    }

    long offset(int block) {
        return offsets[block];
    }

    int storedLength(int block) {
        return storedLengths[block];
    }

    int rawLength(int block) {
        return rawLengths[block];
    }

    boolean mayContain(Key key) {
        return filter.mayContain(KeyFilter.hash(key));
    }

    /** The last block that begins at or before a versioned key; -1 when all begin after it. */
    int lastAtOrBefore(byte[] versionedKey) {
        int low = 0;
        int high = offsets.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int at = middle * LayerFormat.VERSIONED_KEY_BYTES;
            int order =
                    Arrays.compareUnsigned(
                            firsts,
                            at,
                            at + LayerFormat.VERSIONED_KEY_BYTES,
                            versionedKey,
                            0,
                            LayerFormat.VERSIONED_KEY_BYTES);
            if (order <= 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    /** Whether a block begins with a version of this key, so that more may be in the one before. */
    boolean beginsWith(int block, byte[] versionedKey) {
        int at = block * LayerFormat.VERSIONED_KEY_BYTES;
        return Arrays.equals(firsts, at, at + Key.BYTES, versionedKey, 0, Key.BYTES);
    }
}
