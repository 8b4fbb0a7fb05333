package dev.sluice.compute.agent;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.nio.file.Path;

/**
 * A compute that takes connections, on a Unix socket only.
 *
 * @param socketDirectory what {@code host} is for libpq; the socket is {@code .s.PGSQL.<port>} in
 *     it
 * @param pid the postmaster's
 * @param dataDirectory its files; of no use to anybody but its Postgres while that runs
 * @param start the LSN that it began at: pages that it has not changed are as they were there
 * @param term the one that it won; it is fenced when a newer one exists
 * @param times how long its start took
 */
public record RunningCompute(
        ComputeSpec spec,
        Path socketDirectory,
        int port,
        long pid,
        Path dataDirectory,
        Lsn start,
        Term term,
        StartTimes times) {

    /** The socket itself. */
    public Path socket() {
        return socketDirectory.resolve(".s.PGSQL." + port);
    }
}
