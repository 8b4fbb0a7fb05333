package dev.sluice.gateway;

import dev.sluice.gateway.routing.Route;

/**
 * A session as it was a moment ago.
 *
 * @param lastActivityNanos {@link System#nanoTime} of the last byte in either direction
 */
public record SessionInfo(
        long sessionId,
        Route route,
        String database,
        String role,
        State state,
        long lastActivityNanos) {

    /** What a session is doing. */
    public enum State {
        /** Nothing asked, no transaction open: may be ended without harm. */
        IDLE,
        /** A query or COPY runs. */
        ACTIVE,
        /** Nothing asked, but a transaction (possibly failed) is open. */
        IN_TRANSACTION,
        /** Idle, and without a server connection until the client sends something. */
        PARKED
    }
}
