package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Clients that stay connected while their compute sleeps, on a server that suspends quickly. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SessionsIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int CYCLES = Integer.getInteger("sluice.sessions.cycles", 3);
    private static final int POOL = 20;

    private Sluice sluice;

    @BeforeAll
    void start() throws IOException {
        sluice = new Sluice();
        sluice.up("--suspend-after", "1", "--keep-awake", "8");
    }

    @AfterAll
    void stop() throws IOException {
        sluice.close();
    }

    private String newBranch(String name) throws IOException {
        sluice.run("branches", "create", "--name", name).succeeded();
        return sluice.connectionString(name);
    }

    /** {@code postgresql://role:password@host:port/database?…} as pgjdbc likes it. */
    static String jdbc(String uri) {
        int at = uri.indexOf('@');
        String[] login = uri.substring("postgresql://".length(), at).split(":", 2);
        return "jdbc:postgresql://%s&user=%s&password=%s"
                .formatted(
                        uri.substring(at + 1),
                        login[0],
                        URLDecoder.decode(login[1], StandardCharsets.UTF_8));
    }

    private String state(String branch) throws IOException {
        return sluice.branch(branch).path("state").asText();
    }

    private void awaitAsleep(String branch) {
        await().atMost(SOON)
                .pollInterval(Duration.ofMillis(300))
                .until(() -> state(branch).equals("idle"));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String query(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    @Test
    void aPoolOfTwentyCostsNothingAndSeesNothing() throws IOException, SQLException {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(jdbc(newBranch("pooled")) + "&prepareThreshold=1");
        config.setMinimumIdle(POOL);
        config.setMaximumPoolSize(POOL);
        config.setConnectionInitSql("set app.tenant = 'seven'; set work_mem = '7MB'");
        try (HikariDataSource pool = new HikariDataSource(config)) {
            try (Connection connection = pool.getConnection()) {
                execute(connection, "create table t as select 0 as i");
            }
            for (int cycle = 0; cycle < CYCLES; cycle++) {
                useAll(pool, cycle);
                if (cycle % 2 == 0) {
                    awaitAsleep("pooled");
                } else {
                    sluice.run("endpoints", "suspend", "pooled").succeeded();
                }
                assertThat(pool.getHikariPoolMXBean().getTotalConnections()).isEqualTo(POOL);
            }
            useAll(pool, CYCLES);
        }
        assertThat(Sluice.psql(sluice.connectionString("pooled"), "select i from t"))
                .isEqualTo(Integer.toString((CYCLES + 1) * POOL));
    }

    private static void useAll(HikariDataSource pool, int cycle) throws SQLException {
        List<Connection> all = new ArrayList<>();
        try {
            for (int i = 0; i < POOL; i++) {
                Connection connection = pool.getConnection();
                all.add(connection);
                try (PreparedStatement update =
                        connection.prepareStatement("update t set i = i + ? returning 1")) {
                    update.setInt(1, 1);
                    assertThat(update.execute()).isTrue();
                }
                assertThat(
                                query(
                                        connection,
                                        "select current_setting('app.tenant') || current_setting('work_mem')"))
                        .as("cycle %d", cycle)
                        .isEqualTo("seven7MB");
            }
        } finally {
            for (Connection connection : all) {
                connection.close();
            }
        }
    }

    @Test
    void whatCannotBeCarriedKeepsTheComputeAwakeForAWhile() throws IOException, SQLException {
        try (Connection holder = DriverManager.getConnection(jdbc(newBranch("holder")))) {
            execute(holder, "create temp table t as select 1 as i");
            long begun = System.nanoTime();
            await().during(Duration.ofSeconds(4))
                    .atMost(SOON)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> state("holder").equals("active"));
            assertThat(query(holder, "select i from t")).isEqualTo("1");
            awaitAsleep("holder");
            assertThat(System.nanoTime() - begun).isGreaterThan(Duration.ofSeconds(8).toNanos());
            assertThat(holder.isValid(5)).as("its session was ended").isFalse();
        }
    }

    @Test
    void aTransactionThatWasLeftOpenKeepsTheComputeAwakeForAWhile()
            throws IOException, SQLException {
        try (Connection holder = DriverManager.getConnection(jdbc(newBranch("forgotten")))) {
            holder.setAutoCommit(false);
            query(holder, "select 1");
            awaitAsleep("forgotten");
            assertThat(holder.isValid(5)).isFalse();
        }
    }

    @Test
    void aSuspendOnRequestCarriesWhatItCan() throws IOException, SQLException {
        String uri = newBranch("requested");
        try (Connection carried = DriverManager.getConnection(jdbc(uri));
                Connection locked = DriverManager.getConnection(jdbc(uri))) {
            execute(carried, "set datestyle to 'ISO, DMY'");
            query(locked, "select pg_advisory_lock(1)::text || 'x'");
            sluice.run("endpoints", "suspend", "requested").succeeded();
            assertThat(query(carried, "show datestyle")).isEqualTo("ISO, DMY");
            assertThat(locked.isValid(5)).isFalse();
        }
    }

    @Test
    void aDeletedBranchEndsItsParkedSessions() throws IOException, SQLException {
        try (Connection connection = DriverManager.getConnection(jdbc(newBranch("deleted")))) {
            query(connection, "select 1");
            sluice.run("endpoints", "suspend", "deleted").succeeded();
            sluice.run("branches", "delete", "deleted").succeeded();
            assertThat(connection.isValid(5)).isFalse();
        }
    }
}
