package dev.sluice.walservice.safekeeper;

import dev.sluice.wire.part.PartAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one safekeeper runs.
 *
 * @param nodeId its number among the safekeepers, positive
 * @param directory where timelines are kept, {@code <tenant>/<timeline>/} below it; made when
 *     missing
 * @param listen where it serves; TCP port 0 takes a free port
 * @param reserve bytes of its disk that WAL leaves free
 * @param peers the other safekeepers of the same timelines, from which it recovers what it lacks
 * @param offload how WAL is moved to an object store; null if it all stays here
 */
public record SafekeeperConfig(
        long nodeId,
        Path directory,
        PartAddress listen,
        long reserve,
        List<PartAddress> peers,
        @Nullable OffloadConfig offload) {
    public static final long DEFAULT_RESERVE = 64 << 20;

    public SafekeeperConfig {
        peers = List.copyOf(peers);
        if (reserve < 0) {
            throw new IllegalArgumentException("a reserve of " + reserve + " bytes");
        }
        if (nodeId <= 0) {
            throw new IllegalArgumentException("a safekeeper's node id is positive: " + nodeId);
        }
    }

    /** A safekeeper that keeps all WAL on its disk. */
    public SafekeeperConfig(
            long nodeId,
            Path directory,
            PartAddress listen,
            long reserve,
            List<PartAddress> peers) {
        this(nodeId, directory, listen, reserve, peers, null);
    }

    /** With the default reserve, and all WAL on its disk. */
    public SafekeeperConfig(
            long nodeId, Path directory, PartAddress listen, List<PartAddress> peers) {
        this(nodeId, directory, listen, DEFAULT_RESERVE, peers, null);
    }

    /** A safekeeper that stands alone. */
    public SafekeeperConfig(long nodeId, Path directory, PartAddress listen) {
        this(nodeId, directory, listen, List.of());
    }

    /** With WAL moved to an object store, or not. */
    public SafekeeperConfig withOffload(@Nullable OffloadConfig moved) {
        return new SafekeeperConfig(nodeId, directory, listen, reserve, peers, moved);
    }

    /** How many safekeepers must have WAL for it to be committed. */
    int quorum() {
        return (peers.size() + 1) / 2 + 1;
    }
}
