package dev.sluice.compute.agent;

import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;
import java.nio.file.Path;

/**
 * What a cleanly stopped compute left: a data directory that agrees with its timeline at one LSN.
 *
 * @param data the data directory
 * @param manifest the {@link dev.sluice.compute.shim.ShimFile} that says which pages are in it
 * @param shutdown the LSN it agrees with: the end of its shutdown checkpoint record
 * @param postgresVersion the release that ran on it, such as {@code 17.11}
 */
public record KeptDirectory(
        TenantTimelineId timeline,
        long systemIdentifier,
        String postgresVersion,
        Path data,
        Path manifest,
        Lsn shutdown) {}
