package dev.sluice.controlplane.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.AuditLog;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code logs/connections.jsonl}: who came, who was turned away and who left, a JSON object a line:
 *
 * <pre>
 *   {"time":"2026-01-31T12:00:00.123Z","event":"authenticated","connection":"f3a1","client":"10.0.0.7",
 *    "tls":"TLSv1.3","endpoint":"ep-…","project":"…","role":"app","database":"app","application":"psql"}
 *   {…,"event":"refused",…,"sqlstate":"28P01","message":"password authentication failed for user …"}
 *   {…,"event":"closed",…,"seconds":12.345}
 *   {…,"event":"statement",…}                                  over HTTP; "connection" is its neon-request-id
 * </pre>
 *
 * What is not known by then is left out. Kept to 32 MB and four older files.
 */
final class ConnectionLog implements AuditLog {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Logger lines;

    private ConnectionLog(Logger lines) {
        this.lines = lines;
    }

    static AuditLog in(Path file) {
        return new ConnectionLog(Logging.linesTo("sluice.connections", file));
    }

    @Override
    public void record(Connection connection, Event event) {
        if (!lines.isEnabledFor(Level.INFO)) {
            return;
        }
        ObjectNode line = JSON.createObjectNode();
        line.put("time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
        line.put("event", name(event));
        line.put("connection", connection.id());
        line.put("client", connection.client().getHostAddress());
        put(line, "tls", connection.tls());
        put(line, "endpoint", connection.endpointId());
        put(line, "project", connection.projectId());
        put(line, "role", connection.role());
        put(line, "database", connection.database());
        put(line, "application", connection.applicationName());
        switch (event) {
            case Event.Authenticated _, Event.Statement _ -> {}
            case Event.Refused refused ->
                    line.put("sqlstate", refused.sqlState()).put("message", refused.message());
            case Event.Closed closed -> line.put("seconds", closed.lasted().toMillis() / 1000.0);
        }
        lines.info(line.toString());
    }

    private static String name(Event event) {
        return switch (event) {
            case Event.Authenticated _ -> "authenticated";
            case Event.Statement _ -> "statement";
            case Event.Refused _ -> "refused";
            case Event.Closed _ -> "closed";
        };
    }

    private static void put(ObjectNode line, String name, @Nullable String value) {
        if (value != null) {
            line.put(name, value);
        }
    }
}
