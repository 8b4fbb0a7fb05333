package dev.sluice.controlplane.catalog;

import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A branch: a timeline with a name.
 *
 * @param id {@code br-green-mode-afe3fl9y}
 * @param parentId null for a root branch
 * @param parentLsn where it left its parent; null for a root branch
 * @param rolesStale the roles in the catalog may be older than those in the branch
 */
public record Branch(
        String id,
        String projectId,
        String name,
        TimelineId timeline,
        @Nullable String parentId,
        @Nullable Lsn parentLsn,
        boolean isDefault,
        boolean rolesStale,
        Instant createdAt,
        Instant updatedAt) {}
