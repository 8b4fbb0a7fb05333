package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What a newcomer does and sees, on one server that the tests share; each uses a branch of its own
 * where it writes.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SpineIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String SUMS =
            "select (select sum(abalance) from pgbench_accounts) = (select sum(bbalance) from pgbench_branches)"
                    + " and (select sum(bbalance) from pgbench_branches) = (select sum(tbalance) from pgbench_tellers)"
                    + " and (select sum(tbalance) from pgbench_tellers) = (select sum(delta) from pgbench_history)";

    private Sluice sluice;
    private String main;

    @BeforeAll
    void start() throws IOException {
        sluice = new Sluice();
        main = sluice.up();
    }

    @AfterAll
    void stop() throws IOException {
        sluice.close();
    }

    private String newBranch(String name) throws IOException {
        sluice.run("branches", "create", "--name", name).succeeded();
        return sluice.connectionString(name);
    }

    @Test
    void thePrintedStringWorksAsPrinted() throws IOException {
        assertThat(main).startsWith("postgresql://");
        assertThat(Sluice.psql(main, "select 1 + 1")).isEqualTo("2");
        assertThat(sluice.run("psql", "--", "-XAtc", "select 40 + 2").succeeded().line())
                .isEqualTo("42");
        assertThat(
                        sluice.run("psql", "main", "--", "-XAtc", "select current_database()")
                                .succeeded()
                                .line())
                .isEqualTo("sluicedb");
    }

    @Test
    void statusTellsPartsBranchesAndPlaces() throws IOException {
        Sluice.psql(main, "select 1");
        JsonNode status = sluice.json("status");
        assertThat(status.path("parts").findValuesAsText("part"))
                .contains("gateway", "control-plane", "agent", "pageserver", "safekeeper 1");
        assertThat(Path.of(status.path("server").path("ca_certificate").asText())).exists();
        assertThat(status.path("server").path("data").asText()).isEqualTo(sluice.data().toString());
        JsonNode branch = sluice.branch("main");
        assertThat(branch.path("state").asText()).isEqualTo("active");
        assertThat(branch.path("commit_lsn").asText()).matches("[0-9A-F]+/[0-9A-F]+");
        assertThat(sluice.run("status").succeeded().out()).contains("gateway", "main", "ca.crt");
    }

    @Test
    void pgbenchsSumsAgreeAndSurviveSuspension() throws IOException {
        String uri = newBranch("bench");
        Sluice.pgbench(uri, "-i", "-q", "-s", "10").succeeded();
        Sluice.pgbench(uri, "-c", "8", "-j", "2", "-t", "250").succeeded();
        assertThat(Sluice.psql(uri, "select count(*) from pgbench_history")).isEqualTo("2000");
        assertThat(Sluice.psql(uri, SUMS)).isEqualTo("t");

        sluice.run("endpoints", "suspend", "bench").succeeded();
        assertThat(sluice.branch("bench").path("state").asText()).isEqualTo("idle");
        assertThat(Sluice.psql(uri, SUMS)).isEqualTo("t");
        assertThat(sluice.branch("bench").path("state").asText()).isEqualTo("active");

        JsonNode check = sluice.json("inspect", "check-pages", "bench");
        assertThat(check.path("differences")).isEmpty();
        assertThat(check.path("blocks").asLong()).isPositive();
    }

    @Test
    void aSuspendedComputeLeavesNoProcessAndNeedsNothingOfItsDirectory() throws IOException {
        String uri = newBranch("sleeper");
        Sluice.psql(uri, "create table t as select generate_series(1, 10000) as i");
        Path directory =
                Path.of(sluice.branch("sleeper").path("compute").path("data_directory").asText());
        assertThat(directory).isDirectory();
        assertThat(Sluice.processesIn(directory)).isNotEmpty();

        sluice.run("endpoints", "suspend", "sleeper").succeeded();
        assertThat(Sluice.processesIn(directory)).isEmpty();
        deleteTree(directory);

        assertThat(Sluice.psql(uri, "select sum(i) from t")).isEqualTo("50005000");
    }

    private static void deleteTree(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    @Test
    void branchesSeeTheirParentsPastAndNothingElse() throws IOException {
        String parent = newBranch("parent");
        Sluice.psql(parent, "create table t (who text); insert into t values ('parent')");
        String before = Sluice.psql(parent, "select pg_current_wal_insert_lsn()");
        Sluice.psql(parent, "insert into t values ('later')");

        sluice.run("branches", "create", "--name", "child", "--parent", "parent").succeeded();
        String child = sluice.connectionString("child");
        Sluice.psql(child, "insert into t values ('child')");
        sluice.run("branches", "create", "--name", "grandchild", "--parent", "child").succeeded();
        String grandchild = sluice.connectionString("grandchild");
        sluice.run("branches", "create", "--name", "past", "--parent", "parent", "--at", before)
                .succeeded();
        String past = sluice.connectionString("past");
        Sluice.psql(parent, "delete from t where who = 'later'");

        String all = "select string_agg(who, ',' order by who) from t";
        assertThat(Sluice.psql(parent, all)).isEqualTo("parent");
        assertThat(Sluice.psql(child, all)).isEqualTo("child,later,parent");
        assertThat(Sluice.psql(grandchild, all)).isEqualTo("child,later,parent");
        assertThat(Sluice.psql(past, all)).isEqualTo("parent");
        Sluice.psql(grandchild, "insert into t values ('grandchild')");
        assertThat(Sluice.psql(child, all)).isEqualTo("child,later,parent");

        for (JsonNode branch : sluice.json("branches", "list")) {
            if (branch.path("name").asText().equals("past")) {
                assertThat(branch.path("parent_lsn").asText()).isNotEmpty();
            }
        }
        assertThat(sluice.run("branches", "list").succeeded().out())
                .contains("grandchild", "child");
        assertThat(sluice.run("branches", "delete", "child").err()).contains("grandchild");
    }

    @Test
    void anLsnInTheFutureIsRefused() throws IOException {
        Sluice.Result result = sluice.run("branches", "create", "--name", "future", "--at", "FF/0");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).contains("future").hasLineCount(1);
        assertThat(
                        sluice.run("branches", "create", "--name", "nonsense", "--at", "yesterday")
                                .err())
                .contains("not an LSN");
    }

    @Test
    void rolesMadeBySqlLogInAtOnceAndWhileTheComputeSleeps() throws IOException {
        String uri = newBranch("roles");
        Sluice.psql(uri, "create role app login password 'open sesame'");
        String app = uri.replaceFirst("//[^@]*@", "//app:open%20sesame@");
        assertThat(Sluice.psql(app, "select current_user")).isEqualTo("app");
        sluice.run("endpoints", "suspend", "roles").succeeded();
        assertThat(Sluice.psql(app, "select current_user")).isEqualTo("app");

        String wrong = uri.replaceFirst("//[^@]*@", "//app:wrong@");
        String unknown = uri.replaceFirst("//[^@]*@", "//nobody:wrong@");
        sluice.run("endpoints", "suspend", "roles").succeeded();
        assertThat(
                        Sluice.execute(java.util.Map.of(), List.of("psql", wrong, "-c", "select 1"))
                                .err())
                .contains("password authentication failed for user \"app\"");
        assertThat(
                        Sluice.execute(
                                        java.util.Map.of(),
                                        List.of("psql", unknown, "-c", "select 1"))
                                .err())
                .contains("password authentication failed for user \"nobody\"");
        assertThat(sluice.branch("roles").path("state").asText())
                .as("nobody unauthenticated wakes a compute")
                .isEqualTo("idle");
    }

    @Test
    void superusersAreMadeForTheServersAdministrator() throws IOException {
        newBranch("super");
        JsonNode role = sluice.json("roles", "create", "root", "--superuser", "--branch", "super");
        String uri =
                sluice.run("connection-string", "super", "--role-name", "root").succeeded().line();
        assertThat(role.path("password").asText()).isNotEmpty();
        assertThat(Sluice.psql(uri, "select rolsuper from pg_roles where rolname = current_user"))
                .isEqualTo("t");
    }

    @Test
    void pgjdbcGetsInByServerNameWithAVerifiedCertificate() throws IOException, SQLException {
        newBranch("jdbc");
        try (Connection connection =
                        DriverManager.getConnection(jdbcUrl("jdbc"), jdbcProperties("jdbc"));
                Statement statement = connection.createStatement()) {
            statement.execute("create table t (i int primary key, text text)");
            connection.setAutoCommit(false);
            try (PreparedStatement insert =
                    connection.prepareStatement("insert into t values (?, ?)")) {
                for (int i = 0; i < 1000; i++) {
                    insert.setInt(1, i);
                    insert.setString(2, "x".repeat(i));
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            connection.commit();
            try (ResultSet rows = statement.executeQuery("select sum(length(text)) from t")) {
                rows.next();
                assertThat(rows.getLong(1)).isEqualTo(499_500);
            }
        }
    }

    @Test
    void aPoolSurvivesSuspension() throws IOException, SQLException {
        newBranch("pool");
        // Hikari trusts a connection that was used within the last half second; here it ends sooner
        // than that.
        System.setProperty("com.zaxxer.hikari.aliveBypassWindowMs", "0");
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(jdbcUrl("pool"));
        config.setDataSourceProperties(jdbcProperties("pool"));
        config.setMaximumPoolSize(4);
        try (HikariDataSource pool = new HikariDataSource(config)) {
            increment(pool, "create table t (i int); insert into t values (0)");
            for (int i = 0; i < 3; i++) {
                increment(pool, "update t set i = i + 1");
                sluice.run("endpoints", "suspend", "pool").succeeded();
            }
            increment(pool, "update t set i = i + 1");
        }
        assertThat(Sluice.psql(sluice.connectionString("pool"), "select i from t")).isEqualTo("4");
    }

    private static void increment(HikariDataSource pool, String sql) throws SQLException {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** By the endpoint's name, which the test's hosts file leads to this machine. */
    private String jdbcUrl(String branch) throws IOException {
        String endpoint = sluice.branch(branch).path("endpoint_id").asText();
        String host = endpoint + ".db.localhost";
        Path hosts = Path.of(System.getProperty("jdk.net.hosts.file"));
        Files.writeString(
                hosts,
                "127.0.0.1 localhost\n127.0.0.1 " + host + "\n",
                java.nio.file.StandardOpenOption.CREATE,
                java.nio.file.StandardOpenOption.APPEND);
        return "jdbc:postgresql://"
                + host
                + ":"
                + sluice.json("status").path("server").path("port").asText()
                + "/sluicedb";
    }

    private Properties jdbcProperties(String branch) throws IOException {
        String uri = sluice.connectionString(branch);
        Properties properties = new Properties();
        properties.setProperty(
                "user", uri.substring("postgresql://".length(), uri.indexOf(':', 13)));
        properties.setProperty(
                "password", uri.substring(uri.indexOf(':', 13) + 1, uri.indexOf('@')));
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty(
                "sslrootcert",
                sluice.json("status").path("server").path("ca_certificate").asText());
        return properties;
    }

    @Test
    void libpqVerifiesTheServerByName() throws IOException {
        String uri = newBranch("sni");
        String endpoint = sluice.branch("sni").path("endpoint_id").asText();
        JsonNode server = sluice.json("status").path("server");
        String conninfo =
                "host=%s.db.localhost hostaddr=127.0.0.1 port=%s user=sluicedb_owner password=%s dbname=sluicedb sslmode=verify-full sslrootcert=%s"
                        .formatted(
                                endpoint,
                                server.path("port").asText(),
                                uri.substring(uri.indexOf(':', 13) + 1, uri.indexOf('@')),
                                server.path("ca_certificate").asText());
        assertThat(Sluice.psql(conninfo, "select current_user")).isEqualTo("sluicedb_owner");
    }

    @Test
    void metricsCountWhatHappens() throws IOException {
        Sluice.psql(main, "select count(*) from pg_class");
        String api = sluice.json("status").path("server").path("api_url").asText();
        String metrics =
                new String(
                        java.net
                                .URI
                                .create(api.replace("/api/v2", "/metrics"))
                                .toURL()
                                .openStream()
                                .readAllBytes(),
                        java.nio.charset.StandardCharsets.UTF_8);
        assertThat(metrics)
                .contains(
                        "sluice_wake_seconds",
                        "phase=\"election\"",
                        "sluice_gateway_",
                        "sluice_wal_lsn",
                        "sluice_wal_lag_bytes",
                        "sluice_page_requests",
                        "sluice_redo_seconds");
    }

    @Test
    void listingsCanBeReadByPrograms() throws IOException {
        assertThat(sluice.json("projects", "list").isArray()).isTrue();
        assertThat(sluice.json("branches", "list").isArray()).isTrue();
        assertThat(sluice.json("endpoints", "list").isArray()).isTrue();
        assertThat(sluice.json("roles", "list").isArray()).isTrue();
        assertThat(sluice.json("databases", "list").isArray()).isTrue();
        assertThat(sluice.json("operations", "list").isArray()).isTrue();
    }

    @Test
    void theComputeWakesOnceForManyClients() throws IOException {
        String uri = newBranch("herd");
        Sluice.psql(uri, "select 1");
        sluice.run("endpoints", "suspend", "herd").succeeded();
        List<Thread> clients = new ArrayList<>();
        List<String> answers = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 20; i++) {
            clients.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    answers.add(Sluice.psql(uri, "select 1"));
                                } catch (IOException | AssertionError e) {
                                    answers.add(e.toString());
                                }
                            }));
        }
        await().atMost(SOON).until(() -> clients.stream().noneMatch(Thread::isAlive));
        assertThat(answers).hasSize(20).containsOnly("1");
    }
}
