package dev.sluice.gateway.routing;

import dev.sluice.wire.SqlState;
import java.net.InetAddress;
import java.util.List;

/**
 * The endpoint that a client means, and the project it belongs to.
 *
 * @param allowed from where clients may come; empty for anywhere
 */
public record Route(String endpointId, String projectId, List<AddressRange> allowed) {

    public Route {
        allowed = List.copyOf(allowed);
    }

    /** A route that is open to clients from anywhere. */
    public Route(String endpointId, String projectId) {
        this(endpointId, projectId, List.of());
    }

    /**
     * @throws RoutingException if a client may not come from there; the text is the reference's
     */
    public void requireAllowed(InetAddress client) {
        if (!allowed.isEmpty() && allowed.stream().noneMatch(range -> range.contains(client))) {
            throw new RoutingException(
                    SqlState.INVALID_AUTHORIZATION,
                    "This IP address %s is not allowed to connect to this endpoint."
                            .formatted(client.getHostAddress()),
                    "Add it to the project's list: sluice ip-allow add "
                            + client.getHostAddress()
                            + ". Check whether it is IPv4 or IPv6.");
        }
    }
}
