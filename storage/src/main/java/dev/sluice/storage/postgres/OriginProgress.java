package dev.sluice.storage.postgres;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import java.nio.ByteBuffer;

/**
 * The value of a {@link Key#REPLICATION_ORIGIN} key: eight bytes, big-endian.
 *
 * @param remoteLsn up to where the origin's WAL is replicated here
 */
public record OriginProgress(long remoteLsn) {

    public Value.Image image() {
        return new Value.Image(ByteBuffer.allocate(Long.BYTES).putLong(remoteLsn).array());
    }

    /**
     * @throws IllegalArgumentException if it is not eight bytes
     */
    public static OriginProgress decode(byte[] bytes) {
        if (bytes.length != Long.BYTES) {
            throw new IllegalArgumentException("origin progress of " + bytes.length + " bytes");
        }
        return new OriginProgress(ByteBuffer.wrap(bytes).getLong());
    }
}
