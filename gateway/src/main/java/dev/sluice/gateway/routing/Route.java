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

    /** Of a name that a stranger made up. */
    private static final int NAME_KEPT = 128;

    public Route {
        allowed = List.copyOf(allowed);
    }

    /** A route that is open to clients from anywhere. */
    public Route(String endpointId, String projectId) {
        this(endpointId, projectId, List.of());
    }

    /** Where clients are sent that ask for what does not exist: nobody is let in there. */
    public static Route nowhere(RouteRequest request) {
        String name = request.endpoint().or(request::branch).orElse("");
        String bounded = name.substring(0, Math.min(name.length(), NAME_KEPT));
        return new Route(bounded, "no project: " + bounded);
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
