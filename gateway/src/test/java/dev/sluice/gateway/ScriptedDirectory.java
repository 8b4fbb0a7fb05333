package dev.sluice.gateway;

import dev.sluice.gateway.routing.AddressRange;
import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.routing.Directory;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.routing.RouteRequest;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.wire.scram.ScramKeys;
import dev.sluice.wire.scram.ScramVerifier;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A control plane of one project with the endpoints {@code ep-x} (the default) and {@code ep-y}.
 */
final class ScriptedDirectory implements Directory {
    /** A role whose password Postgres keeps in a form that nobody can log in with here. */
    static final String WITH_MD5 = "elder";

    private final TestPostgres postgres;
    final List<RouteRequest> requests = new CopyOnWriteArrayList<>();
    final AtomicInteger wakes = new AtomicInteger();
    volatile Supplier<CompletionStage<ComputeAddress>> waking;
    volatile Function<String, Optional<String>> verifiers;
    volatile List<AddressRange> allowed = List.of();

    /** Whether a client need not name an endpoint. */
    volatile boolean hasDefault = true;

    ScriptedDirectory(TestPostgres postgres) {
        this.postgres = postgres;
        this.verifiers = postgres::verifier;
        this.waking = () -> CompletableFuture.completedFuture(address());
    }

    ComputeAddress address() {
        return new ComputeAddress.UnixSocket(postgres.socketFile());
    }

    @Override
    public CompletionStage<Route> route(RouteRequest request) {
        requests.add(request);
        if (request.endpoint().isEmpty() && !hasDefault) {
            return CompletableFuture.failedFuture(RoutingException.endpointNotSpecified());
        }
        String named = request.endpoint().orElse("ep-x");
        String endpoint =
                named.endsWith("-pooler")
                        ? named.substring(0, named.length() - "-pooler".length())
                        : named;
        if (!List.of("ep-x", "ep-y").contains(endpoint)
                || !List.of("", "dev").contains(request.branch().orElse(""))) {
            return CompletableFuture.failedFuture(RoutingException.noSuchEndpoint());
        }
        return CompletableFuture.completedFuture(new Route(endpoint, "project", allowed));
    }

    @Override
    public CompletionStage<Optional<String>> verifier(Route route, String role) {
        return CompletableFuture.completedFuture(
                role.equals(WITH_MD5)
                        ? Optional.of("md5" + "0".repeat(32))
                        : verifiers.apply(role));
    }

    @Override
    public CompletionStage<Optional<ScramKeys>> loginKeys(Route route, String role) {
        return CompletableFuture.completedFuture(
                role.equals("alice")
                        ? postgres.verifier(role)
                                .map(ScramVerifier::parse)
                                .flatMap(verifier -> verifier.keysOf("wonderland"))
                        : Optional.empty());
    }

    @Override
    public CompletionStage<ComputeAddress> wake(Route route) {
        wakes.incrementAndGet();
        return waking.get();
    }
}
