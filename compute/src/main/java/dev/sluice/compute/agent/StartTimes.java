package dev.sluice.compute.agent;

import java.time.Duration;

/**
 * How long each step of a compute's start took.
 *
 * @param warm whether the directory of the last run was used again; there is no base backup then
 * @param election until a quorum of safekeepers had voted
 * @param ingest until the pageserver had all WAL up to the start LSN
 * @param baseBackup until the pageserver had made it
 * @param files until the data directory was written
 * @param postgres from starting the process to the postmaster's "ready"
 */
public record StartTimes(
        boolean warm,
        Duration election,
        Duration ingest,
        Duration baseBackup,
        Duration files,
        Duration postgres) {

    public Duration total() {
        return election.plus(ingest).plus(baseBackup).plus(files).plus(postgres);
    }

    @Override
    public String toString() {
        return "%s %.1f ms (election %.1f, ingest %.1f, base backup %.1f, files %.1f, postgres %.1f)"
                .formatted(
                        warm ? "warm" : "cold",
                        millis(total()),
                        millis(election),
                        millis(ingest),
                        millis(baseBackup),
                        millis(files),
                        millis(postgres));
    }

    private static double millis(Duration duration) {
        return duration.toNanos() / 1e6;
    }
}
