package dev.sluice.compute.agent;

import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.part.PartAddress;
import java.util.List;
import java.util.Map;

/**
 * Which compute to start.
 *
 * @param endpoint its name; a timeline may have one at a time that writes
 * @param timeline what it reads and writes
 * @param postgresMajor for example 17
 * @param systemIdentifier the cluster's, as the timeline was created with
 * @param safekeepers the timeline's, in any order
 * @param quorum how many of them must have WAL for it to be durable
 * @param settings more lines for {@code postgresql.conf}, names to values; {@link PostgresSettings}
 *     refuses those that the agent decides
 */
public record ComputeSpec(
        String endpoint,
        TenantTimelineId timeline,
        int postgresMajor,
        long systemIdentifier,
        List<PartAddress> safekeepers,
        int quorum,
        Map<String, String> settings) {

    public ComputeSpec {
        safekeepers = List.copyOf(safekeepers);
        settings = Map.copyOf(settings);
    }
}
