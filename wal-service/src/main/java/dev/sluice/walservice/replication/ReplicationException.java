package dev.sluice.walservice.replication;

import dev.sluice.wire.SqlState;

/** A reader asked for what it cannot get; it is told so, and may ask again. */
final class ReplicationException extends Exception {
    private static final long serialVersionUID = 1L;

    private final SqlState state;
    private final String hint;

    ReplicationException(SqlState state, String message) {
        this(state, message, "");
    }

    /**
     * @param hint what to do instead; may be empty
     */
    ReplicationException(SqlState state, String message, String hint) {
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

    String text() {
        return String.valueOf(getMessage());
    }
}
