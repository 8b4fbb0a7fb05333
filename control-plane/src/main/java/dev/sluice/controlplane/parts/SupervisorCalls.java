package dev.sluice.controlplane.parts;

/** What the control plane asks the supervisor of the parts' processes for. */
public interface SupervisorCalls {

    /** Starts a safekeeper's process, unless it runs, and keeps it running. */
    void startSafekeeper(long number);

    /** Ends a safekeeper's process for good. */
    void stopSafekeeper(long number);
}
