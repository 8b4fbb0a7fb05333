package dev.sluice.compute.agent;

import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantTimelineId;
import java.util.Map;

/**
 * Which compute to start.
 *
 * @param endpoint its name; a timeline may have one at a time that writes
 * @param timeline what it reads and writes
 * @param postgresMajor for example 17
 * @param systemIdentifier the cluster's, as the timeline was created with
 * @param configuration which safekeepers decide about the timeline
 * @param addresses where safekeepers are
 * @param settings more lines for {@code postgresql.conf}, names to values; {@link PostgresSettings}
 *     refuses those that the agent decides
 */
public record ComputeSpec(
        String endpoint,
        TenantTimelineId timeline,
        int postgresMajor,
        long systemIdentifier,
        Configuration configuration,
        SafekeeperDirectory addresses,
        Map<String, String> settings) {

    public ComputeSpec {
        settings = Map.copyOf(settings);
    }
}
