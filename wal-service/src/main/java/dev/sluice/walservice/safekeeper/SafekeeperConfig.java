package dev.sluice.walservice.safekeeper;

import dev.sluice.wire.part.PartAddress;
import java.nio.file.Path;

/**
 * How one safekeeper runs.
 *
 * @param nodeId its number among the safekeepers, positive
 * @param directory where timelines are kept, {@code <tenant>/<timeline>/} below it; made when
 *     missing
 * @param listen where it serves; TCP port 0 takes a free port
 */
public record SafekeeperConfig(long nodeId, Path directory, PartAddress listen) {
    public SafekeeperConfig {
        if (nodeId <= 0) {
            throw new IllegalArgumentException("a safekeeper's node id is positive: " + nodeId);
        }
    }
}
