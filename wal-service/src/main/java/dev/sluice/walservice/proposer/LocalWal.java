package dev.sluice.walservice.proposer;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The compute's own {@code pg_wal}: where the proposer reads what it makes durable. */
public interface LocalWal {

    /**
     * Fills {@code into} with the WAL from {@code at} on. Several threads may read at once. What is
     * asked for lies at or after the proposer's start LSN, below what the compute said it has
     * written, and may span segments.
     *
     * @throws java.nio.file.NoSuchFileException if the compute has removed that segment
     * @throws IOException if the bytes cannot be read
     */
    void read(Lsn at, ByteBuffer into) throws IOException;
}
