package dev.sluice.controlplane.catalog;

import dev.sluice.walservice.timeline.TenantId;
import java.time.Instant;
import java.util.List;

/**
 * A project: one Postgres cluster's worth of branches, which share storage.
 *
 * @param id as the public API prints it, {@code misty-sea-12345678}
 * @param pgVersion the Postgres major
 * @param systemIdentifier the cluster's, unique to the project
 * @param allowedIps from where clients may come: addresses, ranges, CIDR blocks; empty for anywhere
 */
public record Project(
        String id,
        String name,
        TenantId tenant,
        int pgVersion,
        long systemIdentifier,
        Instant createdAt,
        Instant updatedAt,
        List<String> allowedIps) {

    public Project {
        allowedIps = List.copyOf(allowedIps);
    }
}
