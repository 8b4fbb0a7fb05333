package dev.sluice.controlplane.wal;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Starts and stops safekeepers: the server that all is in, or the supervisor of its processes. */
public interface SafekeeperFleet {

    /**
     * What would keep a safekeeper that was never here from being started. Changes nothing.
     *
     * @return null if nothing would
     * @throws IOException if whoever would start it is not there
     */
    @Nullable String obstacle(long number) throws IOException;

    /**
     * Starts a safekeeper, which will be started at every later start too; does nothing if it runs.
     */
    void start(long number) throws IOException;

    /** Stops a safekeeper for good; its files are kept out of the way. Does nothing if it has. */
    void stop(long number) throws IOException;
}
