package dev.sluice.controlplane.parts;

import dev.sluice.controlplane.wal.SafekeeperFleet;

/** Safekeepers that the supervisor of the parts' processes starts and stops. */
public final class RemoteFleet implements SafekeeperFleet {
    private final SupervisorCalls supervisor;

    public RemoteFleet(SupervisorCalls supervisor) {
        this.supervisor = supervisor;
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
