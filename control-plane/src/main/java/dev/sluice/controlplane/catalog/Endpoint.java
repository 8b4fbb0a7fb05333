package dev.sluice.controlplane.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint: the address clients reach a branch's compute by.
 *
 * @param id {@code ep-round-unit-afbn7qv4}
 * @param suspendTimeoutSeconds idle seconds before the compute sleeps; negative never
 * @param computeExpected a compute may be running, or may have died without notice
 */
public record Endpoint(
        String id,
        String projectId,
        String branchId,
        int suspendTimeoutSeconds,
        boolean computeExpected,
        @Nullable Instant lastActive,
        Instant createdAt,
        Instant updatedAt) {}
