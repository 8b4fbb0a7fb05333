package dev.sluice.walservice.safekeeper;

import dev.sluice.wire.part.PartAddress;
import java.nio.file.Path;
import java.util.List;

/**
 * How one safekeeper runs.
 *
 * @param nodeId its number among the safekeepers, positive
 * @param directory where timelines are kept, {@code <tenant>/<timeline>/} below it; made when
 *     missing
 * @param listen where it serves; TCP port 0 takes a free port
 * @param reserve bytes of its disk that WAL leaves free
 * @param peers the other safekeepers of the same timelines, from which it recovers what it lacks
 */
public record SafekeeperConfig(
        long nodeId, Path directory, PartAddress listen, long reserve, List<PartAddress> peers) {
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

    /** With the default reserve. */
    public SafekeeperConfig(
            long nodeId, Path directory, PartAddress listen, List<PartAddress> peers) {
        this(nodeId, directory, listen, DEFAULT_RESERVE, peers);
    }

    /** A safekeeper that stands alone. */
    public SafekeeperConfig(long nodeId, Path directory, PartAddress listen) {
        this(nodeId, directory, listen, List.of());
    }

    /** How many safekeepers must have WAL for it to be committed. */
    int quorum() {
        return (peers.size() + 1) / 2 + 1;
    }
}
