package dev.sluice.wire.scram;

import dev.sluice.wire.SqlState;
import java.io.Serial;

/** The other side broke the rules of the exchange, or failed to prove who it is. */
public final class ScramException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    private final SqlState state;
    private final String detail;

    ScramException(SqlState state, String message, String detail) {
        super(message);
        this.state = state;
        this.detail = detail;
    }

    static ScramException malformed(String detail) {
        return new ScramException(SqlState.PROTOCOL_VIOLATION, "malformed SCRAM message", detail);
    }

    /** What Postgres answers with in the same case. */
    public SqlState state() {
        return state;
    }

    /** More than the message says, or empty. */
    public String detail() {
        return detail;
    }
}
