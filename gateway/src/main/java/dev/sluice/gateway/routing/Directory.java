package dev.sluice.gateway.routing;

import dev.sluice.wire.scram.ScramKeys;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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
     * What logs a role in to the endpoint's compute without its password. Asked for clients only
     * whose token was found good.
     *
     * @return empty if nobody but the role itself knows its password, or it is one that no token
     *     may log in
     */
    default CompletionStage<Optional<ScramKeys>> loginKeys(Route route, String role) {
        return CompletableFuture.completedStage(Optional.empty());
    }

    /**
     * Where the endpoint's compute listens, once it accepts connections: at once if it runs, after
     * starting it if not. Asked for authenticated clients only, and for one of them at a time per
     * endpoint: the others wait for the same answer.
     */
    CompletionStage<ComputeAddress> wake(Route route);
}
