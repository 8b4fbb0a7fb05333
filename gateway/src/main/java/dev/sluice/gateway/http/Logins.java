package dev.sluice.gateway.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.gateway.door.Door;
import dev.sluice.gateway.door.Visitors;
import dev.sluice.gateway.http.pool.PoolKey;
import dev.sluice.gateway.http.pool.SqlErrorException;
import dev.sluice.gateway.http.sql.ConnectionString;
import dev.sluice.gateway.routing.ClientDestination;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.routing.RouteRequest;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.gateway.session.GatewayServices;
import dev.sluice.gateway.transport.Peer;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.scram.ScramKeys;
import dev.sluice.wire.scram.ScramVerifier;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.StartupMessage;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/**
 * Lets requests in by the password in their connection string. The rules are those of Postgres's
 * clients: the same names, the same refusals; a role that does not exist costs as much as a wrong
 * password; rate limits count those whose password was not found right a short while ago. What the
 * directory answered is used for a second: a busy client asks it once a second, and a role that is
 * dropped is let in that much longer.
 */
final class Logins {
    private static final Duration FRESH = Duration.ofSeconds(1);
    private static final int REMEMBERED = 10_000;

    private final GatewayServices services;
    private final Cache<RouteRequest, Route> routes = cache();
    private final Cache<Role, Optional<String>> verifiers = cache();

    private record Role(Route route, String name) {}

    Logins(GatewayServices services) {
        this.services = services;
    }

    private static <K, V> Cache<K, V> cache() {
        return Caffeine.newBuilder().maximumSize(REMEMBERED).expireAfterWrite(FRESH).build();
    }

    /**
     * Lets a client in. Blocks.
     *
     * @throws SqlErrorException why not
     */
    Login login(ConnectionString connection, Peer peer)
            throws SqlErrorException, InterruptedException {
        Door.Open door = services.door().now();
        if (!services.takesPlainPasswords(peer)
                || (door.rules().requiresEncryption() && !peer.encrypted())) {
            throw SqlErrorException.of(
                    SqlState.INVALID_AUTHORIZATION,
                    "connection is insecure (try using `sslmode=require`)",
                    "Use https and wss: the password would be sent in clear.");
        }
        if (connection.password().isEmpty()) {
            throw SqlErrorException.of(
                    SqlState.INVALID_AUTHORIZATION,
                    "missing authentication credentials: required password",
                    "Put the password into the connection string.");
        }
        try {
            return login(connection, peer.inetAddress(), door);
        } catch (ExecutionException | RuntimeException e) {
            throw new SqlErrorException(
                    services.diagnostic(
                            e instanceof ExecutionException && e.getCause() != null
                                    ? e.getCause()
                                    : e));
        }
    }

    private Login login(ConnectionString connection, InetAddress client, Door.Open door)
            throws ExecutionException, InterruptedException, SqlErrorException {
        ClientDestination destination =
                ClientDestination.of(
                        connection.host(),
                        new StartupMessage(ProtocolVersion.V3_0, startup(connection)));
        RouteRequest request = destination.request();
        Optional<Route> found = find(request);
        Visitors visitors = found.isPresent() ? door.visitors() : door.strays();
        Route route = found.orElseGet(() -> Route.nowhere(request));
        route.requireAllowed(client);
        Role role = new Role(route, request.role());
        ScramVerifier verifier =
                services.verifier(
                        route,
                        role.name(),
                        found.isEmpty()
                                ? Optional.empty()
                                : ask(
                                        verifiers,
                                        role,
                                        () -> services.directory().verifier(route, role.name())));
        Optional<ScramKeys> keys = services.passwords().known(verifier, connection.password());
        if (keys.isEmpty()) {
            visitors.arrive(client, route.endpointId());
            keys = services.passwords().keys(verifier, connection.password()).get();
        }
        if (keys.isEmpty()) {
            services.metrics().authenticationFailed();
            visitors.wrongPassword(client, route.endpointId());
            throw new SqlErrorException(GatewayServices.wrongPassword(role.name()));
        }
        return new Login(
                new PoolKey(route, destination.parameters()),
                request.database(),
                role.name(),
                keys.get());
    }

    /** Empty if there is no such endpoint, which is not told. */
    private Optional<Route> find(RouteRequest request)
            throws ExecutionException, InterruptedException {
        try {
            return Optional.of(ask(routes, request, () -> services.directory().route(request)));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RoutingException refusal
                    && refusal.kind() == RoutingException.Kind.NO_SUCH_ENDPOINT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static Map<String, String> startup(ConnectionString connection) {
        Map<String, String> parameters = new LinkedHashMap<>(connection.parameters());
        parameters.put("user", connection.user());
        parameters.put("database", connection.database());
        parameters.put("client_encoding", "UTF8");
        return parameters;
    }

    /** A failure is not remembered. */
    private static <K, V> V ask(
            Cache<K, V> known, K question, Supplier<CompletionStage<V>> directory)
            throws ExecutionException, InterruptedException {
        V answer = known.getIfPresent(question);
        if (answer == null) {
            answer = directory.get().toCompletableFuture().get();
            known.put(question, answer);
        }
        return answer;
    }
}
