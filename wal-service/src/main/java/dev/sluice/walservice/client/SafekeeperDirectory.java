package dev.sluice.walservice.client;

import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.util.Map;

/**
 * Where safekeepers are, by node id. Configurations name ids alone, so that a safekeeper can move.
 */
public interface SafekeeperDirectory {

    /**
     * @throws IOException if no such safekeeper is known
     */
    PartAddress addressOf(long node) throws IOException;

    /** One that never changes. */
    static SafekeeperDirectory of(Map<Long, PartAddress> addresses) {
        Map<Long, PartAddress> fixed = Map.copyOf(addresses);
        return node -> {
            PartAddress address = fixed.get(node);
            if (address == null) {
                throw new IOException("no safekeeper " + node + " is known");
            }
            return address;
        };
    }
}
