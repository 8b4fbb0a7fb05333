package dev.sluice.controlplane.server;

import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.Sessions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The gateway's sessions, none of which exist before it started: the control plane begins first.
 */
final class LateSessions implements Sessions {
    private static final Use NONE = new Use(0, 0, Long.MAX_VALUE);
    private static final Parked NOBODY = new Parked(0, 0, List.of());

    private volatile @Nullable Sessions real;

    void are(Sessions sessions) {
        real = sessions;
    }

    @Override
    public Use use(String endpointId) {
        Sessions sessions = real;
        return sessions == null ? NONE : sessions.use(endpointId);
    }

    @Override
    public Parked park(String endpointId, boolean urgent) {
        Sessions sessions = real;
        return sessions == null ? NOBODY : sessions.park(endpointId, urgent);
    }

    @Override
    public void end(String endpointId, String message) {
        Sessions sessions = real;
        if (sessions != null) {
            sessions.end(endpointId, message);
        }
    }

    @Override
    public void forgetLogins() {
        Sessions sessions = real;
        if (sessions != null) {
            sessions.forgetLogins();
        }
    }

    @Override
    public List<Counter> counters() {
        Sessions sessions = real;
        return sessions == null ? List.of() : sessions.counters();
    }

    @Override
    public void reload() {
        Sessions sessions = real;
        if (sessions == null) {
            throw new Refusal(Refusal.Reason.UNAVAILABLE, "the gateway is starting");
        }
        sessions.reload();
    }
}
