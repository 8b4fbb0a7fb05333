package dev.sluice.walservice.client;

import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartNetwork;
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

    /** How they are reached. */
    default PartNetwork network() {
        return PartNetwork.PLAIN;
    }

    /**
     * @throws IOException if no such safekeeper is known
     */
    default SafekeeperClient client(long node) throws IOException {
        return new SafekeeperClient(network(), addressOf(node));
    }

    /** These addresses, reached with a certificate. */
    static SafekeeperDirectory over(PartNetwork network, SafekeeperDirectory addresses) {
        return new SafekeeperDirectory() {
            @Override
            public PartAddress addressOf(long node) throws IOException {
                return addresses.addressOf(node);
            }

            @Override
            public PartNetwork network() {
                return network;
            }
        };
    }

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
