package dev.sluice.walservice.safekeeper;

import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartNetwork;
import java.util.List;

/**
 * How a safekeeper meets others.
 *
 * @param network its certificate, if any
 * @param also addresses at which it serves beside {@link SafekeeperConfig#listen}
 */
public record SafekeeperDoors(PartNetwork network, List<PartAddress> also) {
    /** Its own address only, and no certificate. */
    public static final SafekeeperDoors PLAIN = new SafekeeperDoors(PartNetwork.PLAIN, List.of());

    public SafekeeperDoors {
        also = List.copyOf(also);
    }
}
