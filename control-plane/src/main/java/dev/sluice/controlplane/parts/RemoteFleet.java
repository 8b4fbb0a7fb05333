package dev.sluice.controlplane.parts;

import dev.sluice.controlplane.wal.SafekeeperFleet;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Safekeepers that the supervisor of the parts' processes starts and stops. */
public final class RemoteFleet implements SafekeeperFleet {
    private final SupervisorCalls supervisor;

    public RemoteFleet(SupervisorCalls supervisor) {
        this.supervisor = supervisor;
    }

    @Override
    public @Nullable String obstacle(long number) throws IOException {
        return supervisor.obstacle(number);
    }

    @Override
    public void start(long number) {
        supervisor.startSafekeeper(number);
    }

    @Override
    public void stop(long number) {
        supervisor.stopSafekeeper(number);
    }
}
