package dev.sluice.gateway.relay;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The parked sessions that wait for notifications. Whoever notifies them reaches their compute
 * through this gateway, which brings them back then.
 */
public final class ParkedListeners {
    private final Map<String, Set<Session>> byEndpoint = new ConcurrentHashMap<>();

    void add(Session session) {
        byEndpoint.compute(
                session.route().endpointId(),
                (_, before) -> {
                    Set<Session> sessions = before == null ? ConcurrentHashMap.newKeySet() : before;
                    sessions.add(session);
                    return sessions;
                });
    }

    void remove(Session session) {
        byEndpoint.computeIfPresent(
                session.route().endpointId(),
                (_, sessions) -> {
                    sessions.remove(session);
                    return sessions.isEmpty() ? null : sessions;
                });
    }

    /** The endpoint's compute runs, and somebody has reached it. */
    public void computeReached(String endpointId) {
        Set<Session> sessions = byEndpoint.remove(endpointId);
        if (sessions != null) {
            sessions.forEach(session ->
                    session.client().eventLoop().execute(() -> session.parking().resume()));
        }
    }
}
