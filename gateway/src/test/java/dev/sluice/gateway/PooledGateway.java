package dev.sluice.gateway;

import dev.sluice.gateway.pooling.PoolSettings;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.startup.ProtocolVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;

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

    /** What a test wants of a pool; small numbers where it does not care. */
    static final class Wanted {
        int size = 2;
        int perEndpoint = 80;
        int perDatabase = 80;
        int perRole = 80;
        int maxClients = 100;
        int maxClientsPerEndpoint = 100;
        Duration patience = Duration.ofSeconds(20);
        Duration lifetime = Duration.ofHours(1);
        Duration check = Duration.ofSeconds(30);
        Set<String> admins = Set.of("postgres");
    }

    static PoolSettings settings(Consumer<Wanted> choose) {
        Wanted wanted = new Wanted();
        choose.accept(wanted);
        return new PoolSettings(
                wanted.size,
                wanted.perEndpoint,
                wanted.perDatabase,
                wanted.perRole,
                wanted.maxClients,
                wanted.maxClientsPerEndpoint,
                wanted.patience,
                wanted.lifetime,
                Duration.ofMinutes(10),
                wanted.check,
                200,
                wanted.admins);
    }

    static PoolSettings settings(int size, Duration patience) {
        return settings(wanted -> {
            wanted.size = size;
            wanted.patience = patience;
        });
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

    /** To the pool of an endpoint for one role and database. */
    Connection connect(String endpoint, String role, String database) throws SQLException {
        Properties properties = TestGateway.login(role);
        properties.setProperty("options", "endpoint=" + endpoint + "-pooler");
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:%d/%s?sslmode=disable"
                        .formatted(gateway.port(), database),
                properties);
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
