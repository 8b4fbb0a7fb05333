package dev.sluice.gateway.parking;

import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Gives a fresh server session the state of a snapshot, and checks that it has it. */
public final class RestoreExchange implements Exchange {
    private final SessionSnapshot snapshot;
    private final Set<String> customSettings;
    private final SessionProbe probe = new SessionProbe();
    private int stepsLeft;
    private @Nullable Diagnostic error;

    /**
     * @param customSettings that the snapshot was taken with
     */
    public RestoreExchange(SessionSnapshot snapshot, Set<String> customSettings) {
        this.snapshot = snapshot;
        this.customSettings = customSettings;
    }

    @Override
    public void ask(ByteBuf out) {
        stepsLeft = new SessionRestore(snapshot).write(out, customSettings);
    }

    @Override
    public boolean answered(byte type, ByteBuf body) {
        switch (type) {
            case '1', '2', '3', 'n', 'C', 'I', 'T', 'N' -> {
                // a step done
            }
            case 'D' -> {
                if (stepsLeft == 1) {
                    probe.row(body);
                }
            }
            case 'E' -> failed((ErrorResponse) BackendMessage.decode(type, body));
            case 'Z' -> stepsLeft--;
            default -> throw ProbeExchange.unexpected(type);
        }
        return stepsLeft == 0;
    }

    private void failed(ErrorResponse response) {
        if (error == null) {
            error = response.diagnostic();
        }
    }

    /** The first error, if there was one. */
    public @Nullable Diagnostic error() {
        return error;
    }

    /** What is not as it was; empty when the session is whole. */
    public List<String> differences() {
        return snapshot.differences(probe.finding().snapshot());
    }

    /**
     * What the client must be told: settings that servers report, and that have other values now.
     */
    public Map<String, String> changedReports() {
        Map<String, String> changed = new TreeMap<>();
        probe.finding()
                .snapshot()
                .reported()
                .forEach((name, value) -> {
                    if (!value.equals(snapshot.reported().get(name))) {
                        changed.put(name, value);
                    }
                });
        return changed;
    }
}
