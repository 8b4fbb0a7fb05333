package dev.sluice.gateway.session;

import dev.sluice.gateway.AuditLog;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayMetrics;
import dev.sluice.gateway.HttpConfig;
import dev.sluice.gateway.SessionListener;
import dev.sluice.gateway.cancel.CancelForwarding;
import dev.sluice.gateway.compute.ComputeConnector;
import dev.sluice.gateway.compute.WakeFlights;
import dev.sluice.gateway.door.Door;
import dev.sluice.gateway.pooling.Pools;
import dev.sluice.gateway.relay.CancelKeys;
import dev.sluice.gateway.relay.SessionContext;
import dev.sluice.gateway.relay.Sessions;
import dev.sluice.gateway.routing.Directory;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.gateway.transport.HandOver;
import dev.sluice.gateway.transport.Peer;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.scram.ScramException;
import dev.sluice.wire.scram.ScramVerifier;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all connections of a gateway share.
 *
 * @param doomedVerifier the verifier of a role that does not exist, by a name that is its alone
 * @param http where connections go that speak HTTP
 */
public record GatewayServices(
        GatewayConfig config,
        Directory directory,
        SessionListener listener,
        AuditLog audit,
        GatewayMetrics metrics,
        Transport transport,
        Door door,
        Admission admission,
        WakeFlights wakes,
        ComputeConnector connector,
        Sessions sessions,
        SessionContext sessionContext,
        Pools pools,
        CancelKeys cancelKeys,
        CancelForwarding cancelForwarding,
        SecureRandom random,
        Passwords passwords,
        FrequentLogins frequentLogins,
        Function<String, ScramVerifier> doomedVerifier,
        Optional<HandOver> http) {

    private static final Logger log = LoggerFactory.getLogger(GatewayServices.class);

    /** As much of a failure as is a client's business; the log is told the rest. */
    public Diagnostic diagnostic(Throwable failure) {
        return diagnostic(failure, config);
    }

    /** As {@link #diagnostic(Throwable)}, for what comes to be before the services. */
    public static Diagnostic diagnostic(Throwable failure, GatewayConfig config) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
        return switch (cause) {
            case RoutingException e -> fatal(e.state(), e).withHint(e.hint());
            case ScramException e -> fatal(e.state(), e).withDetail(e.detail());
            case WireFormatException e -> fatal(SqlState.PROTOCOL_VIOLATION, e);
            case TimeoutException _ ->
                    fatal(
                                    SqlState.CANNOT_CONNECT_NOW,
                                    "the compute did not start within "
                                            + config.wakeTimeout().toSeconds()
                                            + " seconds")
                            .withHint("It may still be starting: try again.");
            default -> {
                log.error("a client's connection failed", cause);
                yield fatal(SqlState.INTERNAL_ERROR, "internal error in the gateway")
                        .withHint("The server's log tells more.");
            }
        };
    }

    private static Diagnostic fatal(SqlState state, Throwable cause) {
        return fatal(state, String.valueOf(cause.getMessage()));
    }

    private static Diagnostic fatal(SqlState state, String message) {
        return Diagnostic.of(Diagnostic.Severity.FATAL, state, message);
    }

    /**
     * What a role's password is checked against. A role that has nothing to check it against gets
     * what no password fits, so that nobody can tell it from others. Its salt goes with the
     * project: branches have the roles of their parent with their salts, other projects do not.
     *
     * @param text what the directory knows, as in {@code pg_authid}
     */
    public ScramVerifier verifier(Route route, String role, Optional<String> text) {
        if (text.isPresent()) {
            try {
                return ScramVerifier.parse(text.get());
            } catch (IllegalArgumentException e) {
                log.warn("role \"{}\" cannot log in: {}", role, e.getMessage());
            }
        }
        return doomedVerifier.apply(route.projectId() + '\0' + role);
    }

    /** What a client is told whose password is wrong, or who asks for what there is not. */
    public static Diagnostic wrongPassword(String role) {
        return fatal(
                        SqlState.INVALID_PASSWORD,
                        "password authentication failed for user \"%s\"".formatted(role))
                .withHint(
                        "Check the password, and that role, endpoint and branch are spelled right:"
                                + " sluice connection-string prints them.");
    }

    /** What a client is told that the gateway leaves when it closes. */
    public static Diagnostic shutDown() {
        return fatal(
                SqlState.ADMIN_SHUTDOWN, "terminating connection due to administrator command");
    }

    /** Whether a password in clear may be asked of this client: nobody can listen on the way. */
    public boolean takesPlainPasswords(Peer peer) {
        return peer.encrypted()
                || peer.isLocal()
                || config.http().map(HttpConfig::plainPasswords).orElse(false);
    }
}
