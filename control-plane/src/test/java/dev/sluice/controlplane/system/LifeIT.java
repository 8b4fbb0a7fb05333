package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A server's life: starting, sleeping, stopping, and being told wrong things. */
class LifeIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @Test
    void anIdleComputeFallsAsleepAndTheNextConnectionWakesIt() throws IOException {
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up("--suspend-after", "1");
            Sluice.psql(uri, "create table t as select 7 as i");
            await().atMost(SOON)
                    .until(() -> sluice.branch("main").path("state").asText().equals("idle"));
            assertThat(sluice.postgresProcesses()).isEmpty();
            assertThat(Sluice.psql(uri, "select i from t")).isEqualTo("7");

            // A transaction that waits for its client is not idle.
            assertThat(Sluice.psql(uri, "begin; select pg_sleep(3); select 'awake'"))
                    .endsWith("awake");
        }
    }

    @Test
    void itComesBackAsItWasAfterDown() throws IOException {
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up();
            Sluice.psql(uri, "create table t as select 7 as i");
            sluice.run("branches", "create", "--name", "dev").succeeded();
            CompletableFuture<String> busy =
                    CompletableFuture.supplyAsync(() -> {
                        try {
                            return Sluice.psql(uri, "select pg_sleep(2), 'finished'");
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
            await().atMost(SOON)
                    .until(() ->
                            Sluice.psql(
                                            uri,
                                            "select count(*) from pg_stat_activity where state ="
                                                    + " 'active' and query like 'select pg_sleep%'")
                                    .equals("1"));
            assertThat(sluice.run("down").succeeded().out()).contains("stopped");
            assertThat(busy.join()).contains("finished"); // what runs may finish
            assertThat(sluice.run("status").err()).contains("no server is running");
            assertThat(sluice.run("down").succeeded().out()).contains("no server is running");

            String again = sluice.up();
            assertThat(Sluice.psql(again, "select i from t")).isEqualTo("7");
            assertThat(Sluice.psql(sluice.connectionString("dev"), "select i from t"))
                    .isEqualTo("7");
        }
    }

    @Test
    void aDeepDataFolderThatOthersCannotEnterWorks() throws IOException {
        String deep = "x".repeat(60) + "/" + "y".repeat(60) + "/with a space/data";
        try (Sluice sluice = new Sluice(deep)) {
            String uri = sluice.up();
            assertThat(Sluice.psql(uri, "select 1")).isEqualTo("1");
            assertThat(Files.getPosixFilePermissions(sluice.data()))
                    .isEqualTo(
                            java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    void twoServersOnOneFolderAreOneTooMany() throws IOException {
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up();
            Sluice.Result second = sluice.run("up", "-d", "--port", "0");
            assertThat(second.exitCode()).isEqualTo(1);
            assertThat(second.err()).contains("already running").hasLineCount(1);
            assertThat(Sluice.psql(uri, "select 1")).isEqualTo("1");
        }
    }

    @Test
    void aPortInUseIsToldInOneLineAndNothingIsLeftRunning() throws IOException {
        try (Sluice sluice = new Sluice();
                ServerSocket taken =
                        new ServerSocket(0, 1, java.net.InetAddress.getByName("127.0.0.1"))) {
            String port = Integer.toString(taken.getLocalPort());
            Sluice.Result result = sluice.run("up", "-d", "--port", port);
            assertThat(result.exitCode()).isEqualTo(1);
            assertThat(result.err()).contains(port).hasLineCount(1);
            assertThat(sluice.run("status").err()).contains("no server is running");
            assertThat(Sluice.psql(sluice.up(), "select 1")).isEqualTo("1");
        }
    }

    @Test
    void wrongFlagsAreToldWithExitCodeTwo() throws IOException {
        try (Sluice sluice = new Sluice()) {
            for (String[] wrong :
                    List.of(
                            new String[] {"up", "--port", "99999"},
                            new String[] {"up", "--safekeepers", "2"},
                            new String[] {"up", "--suspend-after", "-5"},
                            new String[] {"up", "--no-such-flag"},
                            new String[] {"no-such-command"},
                            new String[] {"branches"})) {
                Sluice.Result result = Sluice.execute(Map.of(), command(wrong));
                assertThat(result.exitCode()).as(String.join(" ", wrong)).isEqualTo(2);
                assertThat(result.err()).startsWith("sluice: ");
            }
            assertThat(sluice.data()).doesNotExist();
        }
    }

    private static List<String> command(String... arguments) {
        List<String> command = new java.util.ArrayList<>(List.of(Sluice.launcher().toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    @Test
    void withoutAJdk25ItSaysSoInOneLine() throws IOException {
        Path empty = Files.createTempDirectory("no-jdk");
        Sluice.Result result =
                Sluice.execute(Map.of("SLUICE_JAVA_HOME", empty.toString()), command("status"));
        Files.delete(empty);
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).contains("JDK 25").hasLineCount(1);
    }

    @Test
    void helpIsEverywhere() throws IOException {
        for (String words :
                List.of(
                        "",
                        "up",
                        "down",
                        "status",
                        "psql",
                        "branches",
                        "branches create",
                        "roles create",
                        "inspect check-pages")) {
            List<String> command = command(words.isEmpty() ? new String[0] : words.split(" "));
            command.add("--help");
            assertThat(Sluice.execute(Map.of(), command).succeeded().out()).contains("Usage");
        }
    }

    /** What the launcher has a server do while the JVM records how later ones start. */
    @Test
    void aServerCanBeGivenSomethingToDo() throws IOException {
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up();
            sluice.run("warm-up-server", "--seconds", "1").succeeded();
            int rows = Integer.parseInt(Sluice.psql(uri, "select count(*) from warm"));
            assertThat(rows).isGreaterThanOrEqualTo(50);
        }
    }

    @Test
    void projectsHaveSystemIdentifiersOfTheirOwn() throws IOException {
        try (Sluice sluice = new Sluice()) {
            String first = sluice.up();
            JsonNode made = sluice.json("projects", "create", "--name", "other");
            String second = made.path("connection_uris").path(0).path("connection_uri").asText();
            String sql = "select system_identifier from pg_control_system()";
            assertThat(Sluice.psql(first, sql)).isNotEqualTo(Sluice.psql(second, sql));
            assertThat(sluice.run("branches", "list").err()).contains("several projects");
        }
    }

    @Test
    void threeSafekeepersKeepTheSameWal() throws IOException {
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up("--safekeepers", "3");
            Sluice.pgbench(uri, "-i", "-q", "-s", "1").succeeded();
            Sluice.pgbench(uri, "-c", "4", "-t", "100").succeeded();
            sluice.run("endpoints", "suspend", "main").succeeded();
            JsonNode branch = sluice.branch("main");
            assertThat(branch.path("safekeepers")).hasSize(3);
            await().atMost(SOON)
                    .untilAsserted(() ->
                            assertThat(
                                            sluice.branch("main")
                                                    .path("safekeepers")
                                                    .findValuesAsText("flush_lsn"))
                                    .containsOnly(branch.path("commit_lsn").asText()));
            assertThat(Sluice.psql(uri, "select count(*) from pgbench_history")).isEqualTo("400");
        }
    }
}
