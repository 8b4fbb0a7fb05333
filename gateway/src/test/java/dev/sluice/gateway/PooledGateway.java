package dev.sluice.gateway;

import dev.sluice.gateway.pooling.PoolSettings;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.startup.ProtocolVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

/** A gateway whose clients come to the pools of {@code ep-x}, and ways to connect to it. */
final class PooledGateway implements AutoCloseable {
    final TestGateway gateway;

    PooledGateway(TestPostgres postgres, Path directory, PoolSettings settings) throws IOException {
        gateway =
                new TestGateway(
                        postgres,
                        directory,
                        config -> config.withPool(settings),
                        SessionListener.NONE,
                        Transport.best());
    }

    /** Small numbers and short times. */
    static PoolSettings settings(int size, Duration patience) {
        return new PoolSettings(
                size,
                80,
                80,
                80,
                100,
                100,
                patience,
                Duration.ofHours(1),
                Duration.ofMinutes(10),
                Duration.ofSeconds(30),
                200,
                Set.of("postgres"));
    }

    Connection connect(String... namesAndValues) throws SQLException {
        Properties properties = TestGateway.login("alice");
        properties.setProperty("options", "endpoint=ep-x-pooler");
        for (int i = 0; i < namesAndValues.length; i += 2) {
            properties.setProperty(namesAndValues[i], namesAndValues[i + 1]);
        }
        return gateway.connect(properties);
    }

    /** How many server connections there are. */
    int servers() {
        return gateway.gateway.pools().toCompletableFuture().join().stream()
                .mapToInt(pool -> pool.used() + pool.idle() + pool.opening())
                .sum();
    }

    Connection direct() throws SQLException {
        return gateway.connect();
    }

    /** A raw client that is logged in. */
    RawClient raw(String... namesAndValues) throws IOException {
        return raw(true, namesAndValues);
    }

    RawClient raw(boolean pooled, String... namesAndValues) throws IOException {
        RawClient client = new RawClient(gateway.port());
        Map<String, String> parameters = new HashMap<>();
        parameters.put("user", "alice");
        parameters.put("database", "app");
        parameters.put("options", pooled ? "endpoint=ep-x-pooler" : "endpoint=ep-x");
        for (int i = 0; i < namesAndValues.length; i += 2) {
            parameters.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        client.startup(ProtocolVersion.V3_0, parameters);
        client.login(TestPostgres.PASSWORDS.getOrDefault(parameters.get("user"), ""));
        return client;
    }

    @Override
    public void close() {
        gateway.close();
    }
}
