package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;

/** Real clients through the gateway to a real Postgres. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayClientsTest {
    @TempDir Path directory;

    private TestGateway gateway;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        gateway = new TestGateway(postgres, directory);
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private static String query(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }

    @Test
    void pgjdbcInClear() throws SQLException {
        try (Connection connection = gateway.connect()) {
            assertThat(query(connection, "select current_user || current_database()"))
                    .isEqualTo("aliceapp");
        }
        assertThat(gateway.directory.requests)
                .singleElement()
                .satisfies(request -> assertThat(request.endpoint()).isEmpty());
    }

    @ParameterizedTest
    @CsvSource({"disable", "prefer", "require"})
    void pgjdbcVerifiedBySni(String channelBinding) throws SQLException {
        try (Connection connection =
                gateway.connectVerified("ep-x.db.localhost", "channelBinding", channelBinding)) {
            assertThat(query(connection, "select 'é' || 1")).isEqualTo("é1");
        }
        assertThat(gateway.directory.requests.getFirst().endpoint()).contains("ep-x");
    }

    @Test
    void pgjdbcDirectTls() throws SQLException {
        try (Connection connection =
                gateway.connectVerified("ep-y.localhost", "sslNegotiation", "direct")) {
            assertThat(query(connection, "select 1")).isEqualTo("1");
        }
        assertThat(gateway.directory.requests.getFirst().endpoint()).contains("ep-y");
    }

    @Test
    void namesAndPasswordsOutsideAscii() throws SQLException {
        try (Connection connection = gateway.connect(TestGateway.login("käthe"))) {
            assertThat(query(connection, "select current_user")).isEqualTo("käthe");
        }
    }

    @Test
    void aWrongPasswordAndAnUnknownRoleAreRefusedAlikeAndWakeNothing() {
        for (String role : List.of("alice", "nobody")) {
            Properties properties = TestGateway.login(role);
            properties.setProperty("password", "wrong");
            assertThatThrownBy(() -> gateway.connect(properties))
                    .isInstanceOfSatisfying(
                            PSQLException.class,
                            e -> {
                                assertThat(e.getSQLState()).isEqualTo("28P01");
                                assertThat(e.getMessage())
                                        .startsWith(
                                                "FATAL: password authentication failed for user \""
                                                        + role
                                                        + "\"");
                            });
        }
        assertThat(gateway.directory.wakes).hasValue(0);
        assertThat(gateway.gateway.metrics().authenticationFailures()).isEqualTo(2);
    }

    @Test
    void whatPostgresRefusesIsToldToTheClient() {
        Properties properties = TestGateway.login("alice");
        assertThatThrownBy(() ->
                        java.sql.DriverManager.getConnection(
                                "jdbc:postgresql://127.0.0.1:"
                                        + gateway.port()
                                        + "/nowhere?sslmode=disable",
                                properties))
                .hasMessageContaining("database \"nowhere\" does not exist");
    }

    @Test
    void copyBothWaysAndRowsLargerThanAnyBuffer() throws Exception {
        byte[] rows = new byte[40 << 20];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (byte) (i % 1000 == 999 ? '\n' : 'a' + i % 26);
        }
        rows[rows.length - 1] = '\n';
        try (Connection connection = gateway.connectVerified("ep-x.localhost")) {
            var copy = connection.unwrap(PGConnection.class).getCopyAPI();
            execute(connection, "create temp table t (line text)");
            copy.copyIn("copy t from stdin", new ByteArrayInputStream(rows));
            CRC32C sent = new CRC32C();
            sent.update(rows);
            ByteArrayOutputStream back = new ByteArrayOutputStream(rows.length);
            copy.copyOut("copy t to stdout", back);
            CRC32C received = new CRC32C();
            received.update(back.toByteArray());
            assertThat(received.getValue()).isEqualTo(sent.getValue());
            assertThat(query(connection, "select repeat('x', 64 << 20)")).hasSize(64 << 20);
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void cancelReachesTheQuery() throws Exception {
        try (Connection connection = gateway.connect();
                Statement statement = connection.createStatement()) {
            CompletableFuture<Object> failure =
                    CompletableFuture.supplyAsync(() -> {
                        try {
                            return statement.execute("select pg_sleep(60)");
                        } catch (SQLException e) {
                            return e.getSQLState();
                        }
                    });
            Awaitility.await().until(() -> state() == SessionInfo.State.ACTIVE);
            statement.cancel();
            assertThat(failure.get(20, java.util.concurrent.TimeUnit.SECONDS)).isEqualTo("57014");
            assertThat(query(connection, "select 1")).isEqualTo("1");
        }
        assertThat(gateway.gateway.metrics().cancelRequests()).isOne();
    }

    private SessionInfo.State state() {
        return gateway.gateway.sessions().getFirst().state();
    }

    @Test
    void aSessionsStateIsKnown() throws SQLException {
        try (Connection connection = gateway.connect()) {
            awaitState(SessionInfo.State.IDLE);
            connection.setAutoCommit(false);
            query(connection, "select 1");
            awaitState(SessionInfo.State.IN_TRANSACTION);
            connection.commit();
            awaitState(SessionInfo.State.IDLE);
            assertThat(gateway.gateway.sessions())
                    .singleElement()
                    .satisfies(session -> {
                        assertThat(session.role()).isEqualTo("alice");
                        assertThat(session.database()).isEqualTo("app");
                        assertThat(session.route().endpointId()).isEqualTo("ep-x");
                    });
        }
        Awaitility.await().until(() -> gateway.gateway.sessions().isEmpty());
    }

    private void awaitState(SessionInfo.State state) {
        Awaitility.await().until(this::state, state::equals);
    }

    @Test
    void aPoolOfHikari() {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(
                "jdbc:postgresql://127.0.0.1:%d/app?sslmode=verify-ca&sslrootcert=%s&options=endpoint%%3Dep-x"
                        .formatted(gateway.port(), gateway.certificates.authorityFile()));
        config.setUsername("alice");
        config.setPassword("wonderland");
        config.setMaximumPoolSize(8);
        try (HikariDataSource pool = new HikariDataSource(config)) {
            List<CompletableFuture<Integer>> work = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                int n = i;
                work.add(CompletableFuture.supplyAsync(() -> inPool(pool, n)));
            }
            assertThat(work.stream().mapToInt(CompletableFuture::join).sum()).isEqualTo(19_900);
        }
    }

    private static int inPool(HikariDataSource pool, int n) {
        try (Connection connection = pool.getConnection();
                var statement = connection.prepareStatement("select ?::int")) {
            statement.setInt(1, n);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return rows.getInt(1);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Optional<Path> psql() {
        return Optional.of(Path.of("/usr/bin/psql")).filter(Files::isExecutable);
    }

    private String psql(String connectionString, String sql) throws Exception {
        assumeTrue(psql().isPresent(), "no psql here");
        ProcessBuilder builder =
                new ProcessBuilder(
                                psql().orElseThrow().toString(),
                                "-X",
                                "-A",
                                "-t",
                                "-d",
                                connectionString)
                        .redirectErrorStream(true);
        builder.environment().put("PGPASSWORD", "wonderland");
        Process process = builder.start();
        try (var input = process.getOutputStream()) {
            input.write(sql.getBytes(StandardCharsets.UTF_8));
        }
        try (InputStream output = process.getInputStream()) {
            return new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }

    @Test
    void psqlVerifiedBySniWithChannelBinding() throws Exception {
        String server =
                "host=ep-x.localhost hostaddr=127.0.0.1 port=%d dbname=app user=alice"
                                .formatted(gateway.port())
                        + " sslmode=verify-full channel_binding=require sslrootcert="
                        + gateway.certificates.authorityFile();
        assertThat(psql(server, "select 6 * 7;\n\\echo :DBNAME\n")).isEqualTo("42\napp");
        assertThat(gateway.directory.requests.getFirst().endpoint()).contains("ep-x");
    }

    @Test
    void psqlByUriWithOptionsAndACopy() throws Exception {
        String uri =
                "postgresql://alice@127.0.0.1:%d/app@dev?options=endpoint%%3Dep-y&sslmode=require"
                        .formatted(gateway.port());
        assertThat(
                        psql(
                                uri,
                                """
                                copy (select generate_series(1, 3)) to stdout;
                                set client_encoding = 'LATIN1'; select 'x';
                                """))
                .isEqualTo("1\n2\n3\nSET\nx");
        assertThat(gateway.directory.requests.getFirst().branch()).contains("dev");
    }

    @Test
    void aReplicationConnection() throws Exception {
        String server =
                "host=127.0.0.1 port=%d dbname=postgres user=postgres password='super secret'"
                                .formatted(gateway.port())
                        + " replication=database sslmode=disable";
        assertThat(psql(server, "IDENTIFY_SYSTEM;\n")).contains("|1|").contains("|postgres");
    }

    @Test
    void idleSessionsAreEndedOnRequestAndPoolsReconnect() throws Exception {
        try (Connection idle = gateway.connect();
                Connection busy = gateway.connect();
                Connection elsewhere = gateway.connectVerified("ep-y.localhost")) {
            busy.setAutoCommit(false);
            query(busy, "select 1");
            query(idle, "select 1");
            Awaitility.await()
                    .until(() ->
                            gateway.gateway.sessions().stream()
                                            .filter(session ->
                                                    session.state() == SessionInfo.State.IDLE)
                                            .count()
                                    == 2);
            assertThat(
                            gateway.gateway
                                    .closeSessions(
                                            "ep-x",
                                            dev.sluice.wire.SqlState.ADMIN_SHUTDOWN,
                                            "terminating connection due to administrator command")
                                    .toCompletableFuture()
                                    .get(10, java.util.concurrent.TimeUnit.SECONDS))
                    .isOne();
            assertThatThrownBy(() -> query(idle, "select 1"))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).isIn("57P01", "08006"));
            assertThat(query(busy, "select 2")).isEqualTo("2");
            assertThat(query(elsewhere, "select 3")).isEqualTo("3");
            busy.rollback();
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> gateway.gateway.metrics().connectionsOpen() == 0);
    }
}
