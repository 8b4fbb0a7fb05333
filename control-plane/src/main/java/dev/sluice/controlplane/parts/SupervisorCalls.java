package dev.sluice.controlplane.parts;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What the control plane asks the supervisor of the parts' processes for. */
public interface SupervisorCalls {

    /** What would keep a new safekeeper's process from being started; null if nothing would. */
    @Nullable String obstacle(long number) throws IOException;

    /** Starts a safekeeper's process, unless it runs, and keeps it running. */
    void startSafekeeper(long number);

    /** Ends a safekeeper's process for good. */
    void stopSafekeeper(long number);
}
