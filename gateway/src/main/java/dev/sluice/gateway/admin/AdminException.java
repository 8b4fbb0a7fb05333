package dev.sluice.gateway.admin;

import dev.sluice.wire.SqlState;
import java.io.Serial;

/** A command that cannot be carried out, and why. */
final class AdminException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    private final SqlState state;
    private final String hint;

    AdminException(SqlState state, String message, String hint) {
        super(message);
        this.state = state;
        this.hint = hint;
    }

    SqlState state() {
        return state;
    }

    String hint() {
        return hint;
    }
}
