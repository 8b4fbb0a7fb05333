package dev.sluice.compute.agent;

import dev.sluice.compute.shim.ShimFile;
import dev.sluice.compute.shim.ShimServer;
import dev.sluice.walservice.proposer.WalProposer;
import java.io.Closeable;
import java.io.IOException;

/**
 * What runs for one compute besides Postgres, closed in the order in which one needs the other.
 *
 * @param version of the Postgres, for what it leaves
 */
record Compute(
        RunningCompute running,
        String version,
        ComputeDirectory directory,
        PostgresProcess postgres,
        ShimFile manifest,
        ShimServer server,
        WalProposer proposer,
        PgWal wal)
        implements Closeable {

    /** Closes everything but Postgres, which must have ended. */
    @Override
    public void close() throws IOException {
        try (wal;
                proposer;
                server) {
            // Closed in reverse: no more requests, then no one to answer them.
            assert !postgres.isAlive();
        }
    }
}
