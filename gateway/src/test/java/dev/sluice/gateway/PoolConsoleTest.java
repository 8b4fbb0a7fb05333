package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.pooling.PoolSettings;
import dev.sluice.wire.backend.ParseComplete;
import dev.sluice.wire.frontend.Parse;
import dev.sluice.wire.frontend.Sync;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The database {@code pgbouncer} of a pooled endpoint, asked by pgjdbc. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
@Timeout(60)
class PoolConsoleTest {
    @TempDir Path directory;

    private PooledGateway pooled;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        pooled = new PooledGateway(postgres, directory, settings(Set.of("alice")));
    }

    @AfterEach
    void stop() {
        pooled.close();
    }

    private static PoolSettings settings(Set<String> admins) {
        return PooledGateway.settings(wanted -> wanted.admins = admins);
    }

    private Connection console(String mode) throws SQLException {
        Properties properties = TestGateway.login("alice");
        properties.setProperty("options", "endpoint=ep-x-pooler");
        properties.setProperty("preferQueryMode", mode);
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:%d/pgbouncer?sslmode=disable"
                        .formatted(pooled.gateway.port()),
                properties);
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static List<Map<String, String>> rows(Connection connection, String sql)
            throws SQLException {
        List<Map<String, String>> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                Map<String, String> row = new HashMap<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.put(result.getMetaData().getColumnName(i), result.getString(i));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void thePoolsAsPgBouncerShowsThem(String mode) throws SQLException {
        try (Connection client = pooled.connect();
                Connection console = console(mode)) {
            client.setAutoCommit(false);
            run(client, "select 1");
            assertThat(rows(console, "SHOW POOLS"))
                    .anySatisfy(pool ->
                            assertThat(pool)
                                    .containsEntry("database", "app")
                                    .containsEntry("user", "alice")
                                    .containsEntry("cl_active", "1")
                                    .containsEntry("cl_waiting", "0")
                                    .containsEntry("sv_active", "1")
                                    .containsEntry("pool_mode", "transaction"));
            assertThat(rows(console, "show clients;"))
                    .anySatisfy(row -> assertThat(row).containsEntry("user", "alice"));
            assertThat(rows(console, "SHOW SERVERS"))
                    .anySatisfy(row -> assertThat(row).containsEntry("database", "app"));
            assertThat(rows(console, "SHOW STATS"))
                    .anySatisfy(row ->
                            assertThat(row)
                                    .containsEntry("database", "app")
                                    .containsKeys("total_xact_count", "total_query_count"));
            assertThat(rows(console, "SHOW CONFIG"))
                    .anySatisfy(row ->
                            assertThat(row)
                                    .containsEntry("key", "default_pool_size")
                                    .containsEntry("value", "2"));
            for (String what : List.of("DATABASES", "LISTS", "VERSION")) {
                assertThat(rows(console, "SHOW " + what)).isNotEmpty();
            }
            client.rollback();
        }
    }

    private static long parses(Connection console) throws SQLException {
        return rows(console, "SHOW STATS").stream()
                .filter(row -> "app".equals(row.get("database")))
                .mapToLong(row -> Long.parseLong(row.get("total_client_parse_count")))
                .sum();
    }

    @Test
    void aParseThatComesInPiecesCountsOnce() throws Exception {
        try (RawClient client = pooled.raw();
                RawClient other = pooled.raw();
                Connection console = console("simple")) {
            long before = parses(console);
            ByteBuf whole = Unpooled.buffer();
            new Parse("named", "select 1", List.of()).encode(whole);
            while (whole.isReadable()) {
                byte[] piece = new byte[Math.min(9, whole.readableBytes())];
                whole.readBytes(piece);
                client.send(piece);
                // Both are on the pool's event loop, which has read the piece when it answers.
                other.query("select 1");
            }
            client.send(new Sync());
            assertThat(client.receive()).isInstanceOf(ParseComplete.class);
            assertThat(parses(console)).isEqualTo(before + 1);
        }
    }

    @Test
    void aPausedPoolFinishesWhatRunsAndHoldsWhatComes() throws SQLException {
        try (Connection client = pooled.connect();
                Connection console = console("simple")) {
            run(client, "select 1");
            run(console, "PAUSE");
            CompletableFuture<Void> held =
                    CompletableFuture.runAsync(() -> {
                        try {
                            run(client, "select 2");
                        } catch (SQLException e) {
                            throw new IllegalStateException(e);
                        }
                    });
            Awaitility.await()
                    .until(() ->
                            rows(console, "SHOW POOLS").stream()
                                    .anyMatch(pool -> "1".equals(pool.get("cl_waiting"))));
            assertThat(held).isNotDone();
            run(console, "RESUME");
            held.join();
        }
    }

    @Test
    void reconnectReplacesTheServerConnections() throws SQLException {
        try (Connection client = pooled.connect();
                Connection console = console("simple")) {
            List<Map<String, String>> before = rows(client, "select pg_backend_pid()");
            run(console, "RECONNECT");
            Awaitility.await().until(() -> !rows(client, "select pg_backend_pid()").equals(before));
        }
    }

    @Test
    void onlyAdminsMayPause() throws SQLException {
        pooled.gateway.gateway.change(settings(Set.of()));
        try (Connection console = console("simple")) {
            assertThatThrownBy(() -> run(console, "PAUSE"))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).isEqualTo("42501"));
            assertThatThrownBy(() -> run(console, "DROP TABLE x"))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).isEqualTo("42601"));
            assertThat(rows(console, "SHOW POOLS")).isNotNull();
        }
    }
}
