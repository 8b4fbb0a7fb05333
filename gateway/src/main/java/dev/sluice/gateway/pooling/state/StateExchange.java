package dev.sluice.gateway.pooling.state;

import dev.sluice.gateway.parking.Exchange;
import dev.sluice.gateway.parking.Obstacle;
import dev.sluice.gateway.parking.SessionProbe;
import dev.sluice.gateway.parking.SessionSnapshot;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.ErrorResponse;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Asks a server session what its client has made of it. */
public final class StateExchange implements Exchange {
    private final Set<String> customSettings;

    /** One character for each byte, as is what the session says. */
    private final String user;

    private final SessionProbe probe = new SessionProbe();

    /**
     * @param customSettings names of settings that Postgres does not list
     * @param user who logged in
     */
    public StateExchange(Set<String> customSettings, String user) {
        this.customSettings = customSettings;
        this.user = StartupSettings.bytes(user);
    }

    @Override
    public void ask(ByteBuf out) {
        SessionProbe.askOwn(out, customSettings);
    }

    @Override
    public boolean answered(byte type, ByteBuf body) {
        switch (type) {
            case 'D' -> probe.row(body);
            case 'E' -> probe.failed((ErrorResponse) BackendMessage.decode(type, body));
            default -> {
                // a step done
            }
        }
        return type == 'Z';
    }

    /** The settings that another connection can be given. */
    public Map<String, String> settings() {
        SessionSnapshot state = probe.finding().snapshot();
        Map<String, String> settings = new TreeMap<>(state.settings());
        if (!state.role().equals("none")) {
            settings.put("role", state.role());
        }
        return settings;
    }

    /** What no other connection can be given, in words. */
    public List<String> reasons() {
        SessionProbe.Finding finding = probe.finding();
        List<String> reasons = new ArrayList<>();
        finding.obstacles().stream()
                .filter(obstacle -> obstacle != Obstacle.SQL_PREPARE)
                .sorted()
                .map(Obstacle::description)
                .forEach(reasons::add);
        SessionSnapshot state = finding.snapshot();
        if (!state.statements().isEmpty()) {
            reasons.add("statements of PREPARE");
        }
        if (state.listens()) {
            reasons.add("LISTEN");
        }
        if (!state.authorization().isEmpty() && !state.authorization().equals(user)) {
            reasons.add("SET SESSION AUTHORIZATION");
        }
        return Collections.unmodifiableList(reasons);
    }
}
