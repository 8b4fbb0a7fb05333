package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Stored WAL that can be read at any position. */
@FunctionalInterface
public interface WalBytes {
    /**
     * Fills {@code into}, from its position to its limit, with the bytes from {@code from} on. They
     * may lie in more than one segment.
     *
     * @throws IOException if not all of them are there
     */
    void read(Lsn from, ByteBuffer into) throws IOException;
}
