package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Many clients of a pool with few server connections. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PoolIT {
    private static final int RUNS = 5;
    private static final int SERVERS = 10;
    private static final int CLIENTS = 64;

    @TempDir Path directory;

    private Sluice sluice;

    @BeforeAll
    void start() throws IOException {
        sluice = new Sluice();
        sluice.up();
        Files.writeString(
                sluice.data().resolve("gateway.toml"), "[pool]\nsize = %d\n".formatted(SERVERS));
        sluice.run("reload").succeeded();
    }

    @AfterAll
    void stop() throws IOException {
        sluice.close();
    }

    /** Postgres processes that serve the role, but for the one that is asked. */
    private static int backends(Connection direct) throws SQLException {
        try (Statement statement = direct.createStatement();
                ResultSet rows =
                        statement.executeQuery(
                                "select count(*) from pg_stat_activity where backend_type = 'client"
                                        + " backend' and usename = current_user and pid <>"
                                        + " pg_backend_pid()")) {
            rows.next();
            return rows.getInt(1);
        }
    }

    /** All options but the number of clients; no client may fail. */
    private static Sluice.Result pgbench(String uri, String... options) {
        List<String> all = new ArrayList<>(List.of("-n", "-c", String.valueOf(CLIENTS), "-j", "2"));
        all.addAll(List.of(options));
        try {
            Sluice.Result result = Sluice.pgbench(uri, all.toArray(String[]::new)).succeeded();
            assertThat(result.out() + result.err())
                    .contains("number of failed transactions: 0 ")
                    .doesNotContain("aborted");
            return result;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * While it runs, there are never more server connections than the pool may have. It is run
     * again if there were never as many: on a busy machine most clients may come late.
     */
    private static void neverTooMany(TestBranch branch, String... options) throws Exception {
        String pool = branch.uri(true);
        int most = 0;
        try (Connection direct = DriverManager.getConnection(SessionsIT.jdbc(branch.uri(false)))) {
            for (int run = 0; run < RUNS && most < SERVERS; run++) {
                CompletableFuture<Sluice.Result> bench =
                        CompletableFuture.supplyAsync(() -> pgbench(pool, options));
                while (!bench.isDone()) {
                    int now = backends(direct);
                    assertThat(now).isLessThanOrEqualTo(SERVERS);
                    most = Math.max(most, now);
                }
                bench.join();
            }
        }
        assertThat(most).as("most server connections at once").isEqualTo(SERVERS);
    }

    @Test
    void pgbenchOverFewServerConnections() throws Exception {
        try (TestBranch branch = new TestBranch(sluice, "pgbench")) {
            String pool = branch.uri(true);
            Sluice.pgbench(pool, "-i", "-q", "-s", "1").succeeded();
            neverTooMany(branch, "-M", "simple", "-S", "-T", "2");
            neverTooMany(branch, "-M", "extended", "-S", "-T", "2");
            branch.suspend();
            neverTooMany(branch, "-M", "simple", "-T", "2");
            neverTooMany(branch, "-M", "extended", "-T", "2");
            assertThat(
                            Sluice.psql(
                                    pool,
                                    "select (select sum(abalance) from pgbench_accounts) = sum(delta)"
                                            + " and (select sum(tbalance) from pgbench_tellers) ="
                                            + " sum(delta) from pgbench_history"))
                    .isEqualTo("t");
            assertThat(metrics())
                    .containsPattern("sluice_gateway_pool_waits\\{endpoint=\"ep-[^}]*} [1-9]")
                    .containsPattern("sluice_gateway_pool_servers_idle\\{endpoint=\"ep-[^}]*} ");
        }
    }

    /** Clients that are connected while their compute sleeps see nothing of it. */
    @Test
    void clientsStayWhileTheirComputeSleeps() throws Exception {
        try (TestBranch branch = new TestBranch(sluice, "sleeping")) {
            String pool = branch.uri(true);
            Sluice.psql(pool, "create table seen (turn int)");
            Path script = directory.resolve("script.sql");
            Files.writeString(
                    script,
                    """
                    insert into seen values (1);
                    \\sleep 8 s
                    insert into seen values (2);
                    """);
            CompletableFuture<Sluice.Result> bench =
                    CompletableFuture.supplyAsync(() ->
                            pgbench(pool, "-M", "extended", "-t", "1", "-f", script.toString()));
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() ->
                            Sluice.psql(pool, "select count(*) from seen where turn = 1")
                                    .equals(String.valueOf(CLIENTS)));
            branch.suspend();
            assertThat(bench).isNotDone();
            bench.join();
            assertThat(Sluice.psql(pool, "select turn, count(*) from seen group by 1 order by 1"))
                    .isEqualTo("1|%d\n2|%d".formatted(CLIENTS, CLIENTS));
        }
    }

    private String metrics() throws IOException {
        String api = sluice.json("status").path("server").path("api_url").asText();
        String url = api.replaceFirst("/api/v2$", "/metrics");
        return Sluice.execute(Map.of(), List.of("curl", "-sf", "-m", "30", url)).succeeded().out();
    }
}
