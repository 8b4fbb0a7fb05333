package dev.sluice.controlplane.project;

import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Starts and stops Postgres processes: the agent, in this process or another. Calls block. */
public interface Computes {

    /**
     * A compute to start.
     *
     * @param configuration which safekeepers decide about the timeline
     */
    record Order(
            String endpointId,
            TenantTimelineId timeline,
            int pgVersion,
            long systemIdentifier,
            Configuration configuration) {}

    /**
     * A compute that takes connections.
     *
     * @param socketFile the Unix socket that it listens at
     * @param socketDirectory where that is, as libpq's {@code host} wants it
     * @param port the number in the socket's name
     * @param phaseNanos how long each phase of the start took, in order
     */
    record Started(
            String endpointId,
            String socketFile,
            String socketDirectory,
            int port,
            long pid,
            String dataDirectory,
            Lsn startLsn,
            Map<String, Long> phaseNanos) {}

    /** Hears of computes that ended without being asked to. */
    interface ExitListener {
        void exited(String endpointId, String why);
    }

    Started start(Order order) throws IOException;

    /**
     * Stops the compute cleanly; its data directory stays until the next start. Does nothing when
     * there is none.
     */
    void suspend(String endpointId) throws IOException;

    /**
     * Compares the data directory that the last clean stop left with the pageserver's pages.
     *
     * @return what was compared and every difference found, for people
     * @throws IOException when there is nothing to compare
     */
    PageCheck checkPages(String endpointId) throws IOException;

    /** What {@link #checkPages} found. */
    record PageCheck(
            Lsn lsn, long blocks, long relations, long slruBlocks, List<String> differences) {
        public PageCheck {
            differences = List.copyOf(differences);
        }
    }

    /**
     * How a compute's commits get on.
     *
     * @param lagBytes WAL that the pageserver has not ingested yet
     * @param lagLimitBytes where commits wait for it altogether; {@link Long#MAX_VALUE} for never
     * @param heldBack whether one waits for the pageserver now
     * @param delays how many have waited for it
     * @param delayNanos for how long, together
     * @param safekeepersAway those that take no WAL from the compute, and why, for people
     */
    record Commits(
            long lagBytes,
            long lagLimitBytes,
            boolean heldBack,
            long delays,
            long delayNanos,
            List<String> safekeepersAway) {
        public Commits {
            safekeepersAway = List.copyOf(safekeepersAway);
        }
    }

    /** How the commits of a running compute get on; empty if none runs. */
    Optional<Commits> commits(String endpointId) throws IOException;

    void onExit(ExitListener listener);
}
