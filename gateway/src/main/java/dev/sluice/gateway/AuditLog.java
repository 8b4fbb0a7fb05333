package dev.sluice.gateway;

import java.net.InetAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Told who came, who was turned away and why, and who left. On event loops: must return at once.
 */
public interface AuditLog {
    /** A log that is not kept. */
    AuditLog NONE = (connection, event) -> {};

    /**
     * Who a connection is, as far as is known by then.
     *
     * @param id unique to the gateway's process
     * @param client where it comes from; behind a listed proxy, what that says
     * @param tls the protocol's version, such as {@code TLSv1.3}; null when not encrypted
     * @param endpointId null before the client was routed, as all that follows
     */
    record Connection(
            String id,
            InetAddress client,
            @Nullable String tls,
            @Nullable String endpointId,
            @Nullable String projectId,
            @Nullable String role,
            @Nullable String database,
            @Nullable String applicationName) {}

    /** What happened. */
    sealed interface Event {
        /** The password was right. */
        record Authenticated() implements Event {}

        /** A statement over HTTP was let in: it has no connection whose end would be told. */
        record Statement() implements Event {}

        /** Turned away; what the client was told. */
        record Refused(String sqlState, String message) implements Event {}

        /** An authenticated client is gone. */
        record Closed(Duration lasted) implements Event {}
    }

    void record(Connection connection, Event event);
}
