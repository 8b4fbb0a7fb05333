package dev.sluice.gateway.http.sql;

import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import java.io.Serial;

/** A request that cannot be understood, in words that whoever wrote it gets to read. */
public final class BadRequestException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    private final SqlState state;

    public BadRequestException(SqlState state, String message) {
        super(message);
        this.state = state;
    }

    /** With the SQLSTATE of a broken protocol. */
    public BadRequestException(String message) {
        this(SqlState.PROTOCOL_VIOLATION, message);
    }

    public Diagnostic diagnostic() {
        return Diagnostic.of(Diagnostic.Severity.ERROR, state, String.valueOf(getMessage()));
    }
}
