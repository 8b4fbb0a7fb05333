package dev.sluice.gateway.pooling;

import dev.sluice.gateway.compute.ServerConnection;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Cancels what a pooled client has running, wherever that is at the moment. */
public interface Cancelling {
    /** A server connection that nobody else is given until it is released. */
    interface Held {
        ServerConnection server();

        /** The cancel request has been dealt with, or could not be sent. */
        void release();
    }

    /**
     * Holds the server connection that runs something for the client. What waits for a server
     * connection is not run, and the client is told.
     *
     * @param then told on the pool's event loop; null if nothing runs
     */
    void hold(Consumer<@Nullable Held> then);
}
