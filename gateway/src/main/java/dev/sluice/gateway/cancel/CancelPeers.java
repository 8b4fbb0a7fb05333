package dev.sluice.gateway.cancel;

import java.net.InetSocketAddress;
import java.util.Map;

/**
 * The gateways that stand behind one name.
 *
 * @param number this one's, 1 to {@link GatewayNumber#MAX}
 * @param secret what all of them know and nobody else
 * @param others by their numbers; where clients of theirs connect
 */
public record CancelPeers(int number, FleetSecret secret, Map<Integer, InetSocketAddress> others) {

    public CancelPeers {
        others = Map.copyOf(others);
        requireNumber(number);
        others.keySet().forEach(CancelPeers::requireNumber);
        if (others.containsKey(number)) {
            throw new IllegalArgumentException(
                    "gateway " + number + " is this one, and cannot be one of the others");
        }
    }

    private static void requireNumber(int number) {
        if (number < 1 || number > GatewayNumber.MAX) {
            throw new IllegalArgumentException(
                    "a gateway's number is 1 to " + GatewayNumber.MAX + ", not " + number);
        }
    }
}
