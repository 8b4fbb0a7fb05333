package dev.sluice.gateway.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.gateway.AuditLog;
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
import dev.sluice.wire.backend.Diagnostic;
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
import org.jspecify.annotations.Nullable;

/**
 * Lets requests in by the password in their connection string, or by a token in its place. The
 * rules are those of Postgres's clients: the same names, the same refusals; a role that does not
 * exist costs as much as a wrong password; rate limits count those whose password was not found
 * right a short while ago. What the directory answered is used for a second: a busy client asks it
 * once a second, and a role that is dropped is let in that much longer.
 */
final class Logins {
    private static final Duration FRESH = Duration.ofSeconds(1);
    private static final int REMEMBERED = 10_000;

    private final GatewayServices services;
    private final Cache<RouteRequest, Route> routes = cache();
    private final Cache<Role, Optional<String>> verifiers = cache();
    private final Cache<Role, Optional<ScramKeys>> loginKeys = cache();

    private record Role(Route route, String name) {}

    /** Whom a request says it is from; the route is known when it exists. */
    private record Visit(
            ClientDestination destination, Route route, boolean stray, InetAddress client) {

        RouteRequest request() {
            return destination.request();
        }

        Role role() {
            return new Role(route, request().role());
        }

        Visitors visitors(Door.Open door) {
            return stray ? door.strays() : door.visitors();
        }
    }

    Logins(GatewayServices services) {
        this.services = services;
    }

    private static <K, V> Cache<K, V> cache() {
        return Caffeine.newBuilder().maximumSize(REMEMBERED).expireAfterWrite(FRESH).build();
    }

    /**
     * Lets a client in, and tells the audit log. Blocks.
     *
     * @param id the request's
     * @throws SqlErrorException why not
     */
    Login login(ConnectionString connection, Optional<BearerToken> token, Peer peer, String id)
            throws SqlErrorException, InterruptedException {
        AuditLog.Connection unknown = identity(id, peer, connection, null);
        try {
            Door.Open door = services.door().now();
            requireSecrecy(door, peer);
            requireOneProof(connection, token);
            Visit visit = visit(connection, peer);
            AuditLog.Connection known = identity(id, peer, connection, visit);
            try {
                visit.route().requireAllowed(visit.client());
                Login login =
                        token.isPresent()
                                ? byToken(visit, token.get(), door)
                                : byPassword(visit, connection.password(), door);
                services.audit().record(known, new AuditLog.Event.Statement());
                return login;
            } catch (ExecutionException | RuntimeException | SqlErrorException e) {
                throw refused(known, e);
            }
        } catch (ExecutionException | RuntimeException e) {
            throw refused(unknown, e);
        }
    }

    private SqlErrorException refused(AuditLog.Connection who, Exception e) {
        Diagnostic told =
                e instanceof SqlErrorException refusal
                        ? refusal.diagnostic()
                        : services.diagnostic(
                                e instanceof ExecutionException && e.getCause() != null
                                        ? e.getCause()
                                        : e);
        services.audit().record(who, new AuditLog.Event.Refused(told.sqlState(), told.message()));
        return new SqlErrorException(told);
    }

    private static AuditLog.Connection identity(
            String id, Peer peer, ConnectionString connection, @Nullable Visit visit) {
        return new AuditLog.Connection(
                id,
                peer.inetAddress(),
                peer.tls(),
                visit == null ? null : visit.route().endpointId(),
                visit == null || visit.stray() ? null : visit.route().projectId(),
                connection.user(),
                connection.database(),
                connection.parameters().get("application_name"));
    }

    private void requireSecrecy(Door.Open door, Peer peer) {
        if (!services.takesPlainPasswords(peer)
                || (door.rules().requiresEncryption() && !peer.encrypted())) {
            throw new RoutingException(
                    SqlState.INVALID_AUTHORIZATION,
                    "connection is insecure (try using `sslmode=require`)",
                    "Use https and wss: the password would be sent in clear.");
        }
    }

    private static void requireOneProof(ConnectionString connection, Optional<BearerToken> token) {
        if (token.isEmpty() && connection.password().isEmpty()) {
            throw new RoutingException(
                    SqlState.INVALID_AUTHORIZATION,
                    "missing authentication credentials: required password",
                    "Put the password into the connection string, or send a token as"
                            + " \"Authorization: Bearer\".");
        }
        if (token.isPresent() && !connection.password().isEmpty()) {
            throw new RoutingException(
                    SqlState.INVALID_AUTHORIZATION,
                    "a password and a token were sent, and only one of them can count",
                    "Leave the password out of the connection string.");
        }
    }

    private Visit visit(ConnectionString connection, Peer peer)
            throws ExecutionException, InterruptedException {
        ClientDestination destination =
                ClientDestination.of(
                        connection.host(),
                        new StartupMessage(ProtocolVersion.V3_0, startup(connection)));
        RouteRequest request = destination.request();
        Optional<Route> found = find(request);
        return new Visit(
                destination,
                found.orElseGet(() -> Route.nowhere(request)),
                found.isEmpty(),
                peer.inetAddress());
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

    private Login byPassword(Visit visit, String password, Door.Open door)
            throws ExecutionException, InterruptedException, SqlErrorException {
        Role role = visit.role();
        Optional<String> text =
                visit.stray()
                        ? Optional.empty()
                        : ask(
                                verifiers,
                                role,
                                () -> services.directory().verifier(role.route(), role.name()));
        ScramVerifier verifier = services.verifier(role.route(), role.name(), text);
        Optional<ScramKeys> keys = services.passwords().known(verifier, password);
        if (keys.isEmpty()) {
            visit.visitors(door).arrive(visit.client(), role.route().endpointId());
            keys = services.passwords().keys(verifier, password).get();
        }
        if (keys.isEmpty()) {
            throw wrong(visit, door, GatewayServices.wrongPassword(role.name()));
        }
        return let(visit, keys.get(), Optional.empty());
    }

    private Login byToken(Visit visit, BearerToken token, Door.Open door)
            throws ExecutionException, InterruptedException, SqlErrorException {
        Role role = visit.role();
        visit.visitors(door).arrive(visit.client(), role.route().endpointId());
        Optional<String> claims =
                visit.stray()
                        ? Optional.empty()
                        : door.tokens().claims(token.text(), role.route(), role.name());
        if (claims.isEmpty()) {
            throw door.tokens().areKeysUnreadable()
                    ? SqlErrorException.of(
                            SqlState.CANNOT_CONNECT_NOW,
                            "tokens cannot be checked at the moment",
                            "Keys that they are checked with cannot be read: the gateway's log"
                                    + " says why. Try again in half a minute.")
                    : wrong(visit, door, wrongToken(role.name()));
        }
        Optional<ScramKeys> keys =
                ask(
                        loginKeys,
                        role,
                        () -> services.directory().loginKeys(role.route(), role.name()));
        if (keys.isEmpty()) {
            throw SqlErrorException.of(
                    SqlState.INVALID_AUTHORIZATION,
                    "role \"%s\" cannot be logged in with a token".formatted(role.name()),
                    "It must be a role that is no superuser, whose password Sluice made up itself:"
                            + " sluice roles create.");
        }
        return let(visit, keys.get(), claims);
    }

    private SqlErrorException wrong(Visit visit, Door.Open door, Diagnostic told) {
        services.metrics().authenticationFailed();
        visit.visitors(door).wrongPassword(visit.client(), visit.route().endpointId());
        return new SqlErrorException(told);
    }

    /** The same for all that may be wrong: which of it is, would tell strangers names. */
    private static Diagnostic wrongToken(String role) {
        return Diagnostic.of(
                        Diagnostic.Severity.FATAL,
                        SqlState.INVALID_PASSWORD,
                        "token authentication failed for user \"%s\"".formatted(role))
                .withHint(
                        "The token must be signed by a provider that is known here, be good now,"
                                + " and be for this project and role: the gateway's log says which"
                                + " it is not.");
    }

    private Login let(Visit visit, ScramKeys keys, Optional<String> claims) {
        services.metrics().endpoint(visit.route().endpointId()).loggedIn();
        return new Login(
                new PoolKey(visit.route(), visit.destination().parameters()),
                visit.request().database(),
                visit.request().role(),
                keys,
                claims);
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
