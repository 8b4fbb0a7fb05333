package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.wire.part.PartAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How one safekeeper runs.
 *
 * @param nodeId its number among the safekeepers, positive
 * @param directory where timelines are kept, {@code <tenant>/<timeline>/} below it; made when
 *     missing
 * @param listen where it serves; TCP port 0 takes a free port
 * @param reserve bytes of its disk that WAL leaves free
 * @param peers the node ids of other safekeepers, which are asked at first what this one lacks;
 *     more are found in the timelines' configurations
 * @param addresses where they are
 * @param offload how WAL is moved to an object store; null if it all stays here
 */
public record SafekeeperConfig(
        long nodeId,
        Path directory,
        PartAddress listen,
        long reserve,
        List<Long> peers,
        SafekeeperDirectory addresses,
        @Nullable OffloadConfig offload) {
    public static final long DEFAULT_RESERVE = 64 << 20;

    private static final SafekeeperDirectory NOBODY = SafekeeperDirectory.of(Map.of());

    public SafekeeperConfig {
        peers = List.copyOf(peers);
        if (reserve < 0) {
            throw new IllegalArgumentException("a reserve of " + reserve + " bytes");
        }
        if (nodeId <= 0) {
            throw new IllegalArgumentException("a safekeeper's node id is positive: " + nodeId);
        }
    }

    /** With the default reserve, and all WAL on its disk. */
    public SafekeeperConfig(
            long nodeId,
            Path directory,
            PartAddress listen,
            List<Long> peers,
            SafekeeperDirectory addresses) {
        this(nodeId, directory, listen, DEFAULT_RESERVE, peers, addresses, null);
    }

    /** A safekeeper that stands alone, with a reserve of its own. */
    public SafekeeperConfig(long nodeId, Path directory, PartAddress listen, long reserve) {
        this(nodeId, directory, listen, reserve, List.of(), NOBODY, null);
    }

    /** A safekeeper that stands alone. */
    public SafekeeperConfig(long nodeId, Path directory, PartAddress listen) {
        this(nodeId, directory, listen, DEFAULT_RESERVE);
    }

    /** With WAL moved to an object store, or not. */
    public SafekeeperConfig withOffload(@Nullable OffloadConfig moved) {
        return new SafekeeperConfig(nodeId, directory, listen, reserve, peers, addresses, moved);
    }
}
