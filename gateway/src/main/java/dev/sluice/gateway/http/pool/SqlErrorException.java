package dev.sluice.gateway.http.pool;

import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import java.io.Serial;
import java.util.Objects;

/** What Postgres, or the gateway in its place, answers instead of a result. */
public final class SqlErrorException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    private static final SqlState OUT_OF_MEMORY = new SqlState("53200");

    private final transient Diagnostic diagnostic;

    public SqlErrorException(Diagnostic diagnostic) {
        super(diagnostic.message());
        this.diagnostic = diagnostic;
    }

    public static SqlErrorException of(SqlState state, String message, String hint) {
        return new SqlErrorException(
                Diagnostic.of(Diagnostic.Severity.ERROR, state, message).withHint(hint));
    }

    /**
     * There is no memory for what is large.
     *
     * @param what such as {@code "a row of 70000000 bytes"}
     */
    public static SqlErrorException noMemory(String what) {
        return of(
                OUT_OF_MEMORY,
                "no memory for %s: others that are large take it".formatted(what),
                "Try again, or with less at a time.");
    }

    /** The gateway stops. */
    static SqlErrorException shutDown() {
        return of(
                SqlState.ADMIN_SHUTDOWN, "terminating connection due to administrator command", "");
    }

    public Diagnostic diagnostic() {
        return Objects.requireNonNull(diagnostic);
    }
}
