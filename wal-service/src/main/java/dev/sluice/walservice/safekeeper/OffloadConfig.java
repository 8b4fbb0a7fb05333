package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.objectstore.ObjectStoreAddress;
import java.time.Duration;

/**
 * How a safekeeper moves WAL to the object store.
 *
 * @param store where to; the same for all safekeepers of a timeline
 * @param peerPatience after so long a silence a peer's missing WAL does not keep the others from
 *     removing theirs; the object store has it
 * @param fetchedSegments how many segments that were fetched to be read are kept, 16 MiB each
 */
public record OffloadConfig(ObjectStoreAddress store, Duration peerPatience, int fetchedSegments) {
    public OffloadConfig {
        if (peerPatience.isNegative() || fetchedSegments < 1) {
            throw new IllegalArgumentException(
                    "not possible: " + peerPatience + ", " + fetchedSegments);
        }
    }

    /** With five minutes of patience, and eight fetched segments. */
    public static OffloadConfig to(ObjectStoreAddress store) {
        return new OffloadConfig(store, Duration.ofMinutes(5), 8);
    }
}
