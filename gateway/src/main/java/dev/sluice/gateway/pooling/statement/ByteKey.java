package dev.sluice.gateway.pooling.statement;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * Bytes as a key of a map. One that is used for looking up only is filled again and again; what is
 * in a map is a {@link #copy}.
 */
final class ByteKey {
    private byte[] bytes;
    private int length;
    private int hash;

    ByteKey() {
        this(new byte[64], 0);
    }

    ByteKey(byte[] bytes, int length) {
        this.bytes = bytes;
        this.length = length;
        rehash();
    }

    /** Takes these bytes of a buffer. */
    ByteKey fill(ByteBuf from, int index, int count) {
        if (bytes.length < count) {
            bytes = new byte[Math.max(count, 2 * bytes.length)];
        }
        from.getBytes(index, bytes, 0, count);
        length = count;
        rehash();
        return this;
    }

    byte[] bytes() {
        return Arrays.copyOf(bytes, length);
    }

    private void rehash() {
        int h = 1;
        for (int i = 0; i < length; i++) {
            h = 31 * h + bytes[i];
        }
        hash = h;
    }

    ByteKey copy() {
        return new ByteKey(Arrays.copyOf(bytes, length), length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ByteKey key
                && hash == key.hash
                && Arrays.equals(bytes, 0, length, key.bytes, 0, key.length);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
