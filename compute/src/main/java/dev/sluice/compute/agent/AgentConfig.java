package dev.sluice.compute.agent;

import dev.sluice.compute.process.RunDirectory;
import dev.sluice.walservice.proposer.Backpressure;
import dev.sluice.walservice.timeline.TenantTimelineId;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How an agent runs its computes.
 *
 * @param dataFolder the server's data folder; must exist
 * @param logs where each compute's log goes, {@code <endpoint>.log}
 * @param postgres an installed Postgres to use, instead of the packed one
 * @param reuseDirectories whether a compute may start from what it left when it was suspended
 * @param electionLimit how long winning a term may take
 * @param ingestLimit from the beginning of a start on, how long the pageserver may take to be there
 *     and to reach the start LSN; below what clients wait for a compute, so that they hear of it
 * @param readyLimit how long Postgres may take until it takes connections
 * @param stopLimit how long a clean stop may take before the compute is stopped the hard way
 * @param backpressure how commits wait for a pageserver that is behind
 */
public record AgentConfig(
        Path dataFolder,
        Path logs,
        @Nullable Path postgres,
        boolean reuseDirectories,
        Duration electionLimit,
        Duration ingestLimit,
        Duration readyLimit,
        Duration stopLimit,
        Backpressure backpressure) {

    /** With the packed Postgres and limits for a healthy host. */
    public static AgentConfig of(Path dataFolder) {
        return new AgentConfig(
                dataFolder,
                dataFolder.resolve("logs"),
                null,
                true,
                Duration.ofSeconds(20),
                Duration.ofSeconds(50),
                Duration.ofSeconds(60),
                Duration.ofSeconds(60),
                Backpressure.NONE);
    }

    public AgentConfig withPostgres(@Nullable Path installed) {
        return new AgentConfig(
                dataFolder,
                logs,
                installed,
                reuseDirectories,
                electionLimit,
                ingestLimit,
                readyLimit,
                stopLimit,
                backpressure);
    }

    public AgentConfig withReuseDirectories(boolean reuse) {
        return new AgentConfig(
                dataFolder,
                logs,
                postgres,
                reuse,
                electionLimit,
                ingestLimit,
                readyLimit,
                stopLimit,
                backpressure);
    }

    public AgentConfig withIngestLimit(Duration limit) {
        return new AgentConfig(
                dataFolder,
                logs,
                postgres,
                reuseDirectories,
                electionLimit,
                limit,
                readyLimit,
                stopLimit,
                backpressure);
    }

    public AgentConfig withBackpressure(Backpressure limit) {
        return new AgentConfig(
                dataFolder,
                logs,
                postgres,
                reuseDirectories,
                electionLimit,
                ingestLimit,
                readyLimit,
                stopLimit,
                limit);
    }

    /** Where a compute's Postgres logs. */
    Path log(String endpoint) {
        return logs.resolve(RunDirectory.plainName(endpoint) + ".log");
    }

    /** Where a timeline's {@link Sidecar} is. */
    Path sidecar(TenantTimelineId timeline) {
        return dataFolder
                .resolve("agent")
                .resolve(timeline.tenant().toString())
                .resolve(timeline.timeline().toString())
                .resolve("sidecar");
    }
}
