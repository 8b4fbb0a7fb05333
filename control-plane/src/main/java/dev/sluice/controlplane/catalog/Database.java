package dev.sluice.controlplane.catalog;

import java.time.Instant;

/** A database of a branch, as last read from {@code pg_database}. */
public record Database(
        long id,
        String branchId,
        String name,
        String ownerName,
        Instant createdAt,
        Instant updatedAt) {}
