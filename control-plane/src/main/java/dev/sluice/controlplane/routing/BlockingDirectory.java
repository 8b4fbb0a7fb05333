package dev.sluice.controlplane.routing;

import dev.sluice.controlplane.parts.DirectoryCalls;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.gateway.routing.AddressRange;
import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.routing.Directory;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.routing.RouteRequest;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.scram.ScramKeys;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Gives the gateway's event loops, which must not block, the directory's calls, which do: on
 * virtual threads.
 */
public final class BlockingDirectory implements Directory {
    private final DirectoryCalls calls;

    public BlockingDirectory(DirectoryCalls calls) {
        this.calls = calls;
    }

    @Override
    public CompletionStage<Route> route(RouteRequest request) {
        return async(() -> {
            DirectoryCalls.Found found =
                    calls.route(
                            new DirectoryCalls.Wish(
                                    request.endpoint().orElse(null),
                                    request.branch().orElse(null),
                                    request.database(),
                                    request.role()));
            return new Route(
                    found.endpointId(),
                    found.projectId(),
                    found.allowedIps().stream().map(AddressRange::parse).toList());
        });
    }

    @Override
    public CompletionStage<Optional<String>> verifier(Route route, String role) {
        return async(() -> Optional.ofNullable(calls.verifier(route.endpointId(), role)));
    }

    @Override
    public CompletionStage<Optional<ScramKeys>> loginKeys(Route route, String role) {
        return async(() ->
                Optional.ofNullable(calls.loginKeys(route.endpointId(), role))
                        .map(ScramKeys::parse));
    }

    @Override
    public CompletionStage<ComputeAddress> wake(Route route) {
        return async(() -> new ComputeAddress.UnixSocket(Path.of(calls.wake(route.endpointId()))));
    }

    private static <T> CompletionStage<T> async(Supplier<? extends T> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofVirtual()
                .name("directory")
                .start(() -> {
                    try {
                        result.complete(call.get());
                    } catch (Refusal e) {
                        result.completeExceptionally(forClient(e));
                    } catch (RuntimeException e) {
                        result.completeExceptionally(e);
                    }
                });
        return result;
    }

    /** What the client gets to read: why a compute fails is not all its business. */
    private static RoutingException forClient(Refusal refusal) {
        return switch (refusal.reason()) {
            case BAD_REQUEST -> RoutingException.endpointNotSpecified();
            case NOT_FOUND -> RoutingException.noSuchEndpoint();
            case PART_AWAY ->
                    new RoutingException(
                            SqlState.CANNOT_CONNECT_NOW,
                            "the compute could not be started: " + refusal.getMessage(),
                            "Try again when it is back.");
            case CONFLICT, IMPOSSIBLE, FAILED, UNAVAILABLE ->
                    new RoutingException(
                            SqlState.CANNOT_CONNECT_NOW,
                            "the compute could not be started",
                            "Try again; the server's log says why.");
        };
    }
}
