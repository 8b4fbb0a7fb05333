package dev.sluice.controlplane.catalog;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Something that was done, as the public API tells it.
 *
 * @param action {@code create_timeline}, {@code start_compute}, {@code suspend_compute}, {@code
 *     create_branch}, …
 * @param status {@code finished} or {@code failed}: work is done inside the request that asks for
 *     it
 */
public record Operation(
        UUID id,
        String projectId,
        @Nullable String branchId,
        @Nullable String endpointId,
        String action,
        String status,
        @Nullable String error,
        Instant createdAt,
        Instant updatedAt,
        long durationMillis) {}
