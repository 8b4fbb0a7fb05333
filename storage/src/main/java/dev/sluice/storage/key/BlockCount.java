package dev.sluice.storage.key;

import java.nio.ByteBuffer;

/**
 * The value of a {@link Key#RELATION_SIZE} or {@link Key#SLRU_SEGMENT} key: a number of blocks, an
 * unsigned 32-bit integer, big-endian.
 */
public final class BlockCount {
    private BlockCount() {}

    public static Value.Image image(int blocks) {
        return new Value.Image(ByteBuffer.allocate(Integer.BYTES).putInt(blocks).array());
    }

    /**
     * @param bytes what {@link #image} made; not the empty value of a removed key
     * @throws IllegalArgumentException if it is not four bytes
     */
    public static int decode(byte[] bytes) {
        if (bytes.length != Integer.BYTES) {
            throw new IllegalArgumentException(
                    "a number of blocks of " + bytes.length + " bytes, not " + Integer.BYTES);
        }
        return ByteBuffer.wrap(bytes).getInt();
    }
}
