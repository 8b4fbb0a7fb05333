package dev.sluice.gateway.routing;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * What the gateway asks of the control plane. Calls come from event loops: they must return at once
 * and complete their stage from anywhere. A stage fails with a {@link RoutingException} to tell the
 * client why; any other failure is logged and told as an internal error.
 */
public interface Directory {

    /**
     * Which endpoint a request means. Where there is none, the failure is {@link
     * RoutingException#noSuchEndpoint}; where the client had to name one and did not, {@link
     * RoutingException#endpointNotSpecified}.
     */
    CompletionStage<Route> route(RouteRequest request);

    /**
     * The text of a role's SCRAM verifier ({@code SCRAM-SHA-256$...}).
     *
     * @return empty if there is no such role, or it may not log in; the client cannot tell this
     *     from a wrong password
     */
    CompletionStage<Optional<String>> verifier(Route route, String role);

    /**
     * Where the endpoint's compute listens, once it accepts connections: at once if it runs, after
     * starting it if not. Asked for authenticated clients only, and for one of them at a time per
     * endpoint: the others wait for the same answer.
     */
    CompletionStage<ComputeAddress> wake(Route route);
}
