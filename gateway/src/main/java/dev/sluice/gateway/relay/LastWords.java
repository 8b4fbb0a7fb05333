package dev.sluice.gateway.relay;

import dev.sluice.gateway.parking.Obstacle;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.Diagnostic.Severity;
import java.util.Collection;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;

/** What a client is told when the gateway ends its session; pools know 57P01 and connect again. */
final class LastWords {
    private static final String NOT_RUN =
            "Nothing of the last request was run: connect again and repeat it.";

    private LastWords() {}

    private static Diagnostic fatal(SqlState state, String message) {
        return Diagnostic.of(Severity.FATAL, state, message);
    }

    /** The compute ended under the session. */
    static Diagnostic computeStopped() {
        return fatal(SqlState.ADMIN_SHUTDOWN, "terminating connection because its compute stopped")
                .withHint("Connect again: that starts the compute.");
    }

    /** The compute is to sleep, and the session cannot be carried. */
    static Diagnostic cannotBeCarried(Collection<Obstacle> obstacles) {
        return fatal(
                        SqlState.ADMIN_SHUTDOWN,
                        "terminating connection because its compute is suspended")
                .withDetail(
                        "The session has what another compute cannot be given: "
                                + Obstacle.describe(obstacles)
                                + ".")
                .withHint("Connect again: that starts the compute.");
    }

    /** A parked session found no way back. */
    static Diagnostic notResumed(String why, String detail) {
        return fatal(
                        SqlState.ADMIN_SHUTDOWN,
                        "terminating connection because " + why + " after its compute slept")
                .withDetail(detail)
                .withHint(NOT_RUN);
    }

    /** The compute does not let a parked session's role in any more. */
    static Diagnostic refused(String role, Diagnostic refusal) {
        boolean login = refusal.sqlState().startsWith("28");
        return fatal(
                        SqlState.ADMIN_SHUTDOWN,
                        login
                                ? "terminating connection because role \"%s\" may no longer log in as it did"
                                        .formatted(role)
                                : "terminating connection because its compute refused it")
                .withDetail(refusal.message())
                .withHint(NOT_RUN);
    }

    /** There is no compute for a parked session. */
    static Diagnostic notWoken(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
        return switch (cause) {
            case RoutingException e ->
                    fatal(e.state(), String.valueOf(e.getMessage()))
                            .withDetail(NOT_RUN)
                            .withHint(e.hint());
            case TimeoutException _ ->
                    fatal(SqlState.CANNOT_CONNECT_NOW, "the compute did not start in time")
                            .withDetail(NOT_RUN)
                            .withHint("It may still be starting: try again.");
            default ->
                    fatal(SqlState.CANNOT_CONNECT_NOW, "the compute could not be started")
                            .withDetail(NOT_RUN)
                            .withHint("The server's log tells more.");
        };
    }
}
