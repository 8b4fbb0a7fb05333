package dev.sluice.compute.shim;

import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Where the pages of a compute come from, as they were at the compute's start LSN. */
public interface PageSource {
    /**
     * Reads consecutive blocks of one fork. Called by many threads at once.
     *
     * @param firstBlock of the fork, not of a segment file
     * @param count 1 to {@link ShimServer#MAX_BLOCKS}
     * @param into receives {@code count} × 8192 bytes at its position; exactly that is left
     * @throws IOException when a block cannot be had; Postgres reports an I/O error and logs the
     *     message
     */
    void read(RelFileLocator relation, Fork fork, int firstBlock, int count, ByteBuffer into)
            throws IOException;
}
