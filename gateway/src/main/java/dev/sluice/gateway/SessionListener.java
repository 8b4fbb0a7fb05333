package dev.sluice.gateway;

import dev.sluice.gateway.routing.Route;

/** Told about sessions, on event loops: must return at once. */
public interface SessionListener {
    /** A listener that does not listen. */
    SessionListener NONE = new SessionListener() {};

    /** A session has reached its compute and is ready for its first query. */
    default void opened(Route route, long sessionId) {}

    /** The client has sent something. Told once a second at most. */
    default void active(Route route, long sessionId) {}

    /** A session that was opened is over. */
    default void closed(Route route, long sessionId) {}
}
