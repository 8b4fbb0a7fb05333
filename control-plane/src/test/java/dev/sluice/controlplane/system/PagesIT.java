package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The data directory check over a workload that changes pages in every way that plain SQL can. */
class PagesIT {
    private static final int SESSIONS = 4;

    @Test
    void everyPageOfAMixedWorkloadIsWhatThePageserverSays() throws Exception {
        try (Sluice sluice = new Sluice()) {
            String owner = sluice.up();
            sluice.run("roles", "create", "root", "--superuser").succeeded();
            String uri =
                    sluice.run("connection-string", "main", "--role-name", "root")
                            .succeeded()
                            .line();
            Sluice.pgbench(owner, "-i", "-q", "-s", "2", "--foreign-keys").succeeded();
            script(uri, "mixed-setup.sql");
            List<Thread> sessions = new ArrayList<>();
            List<String> failures = java.util.Collections.synchronizedList(new ArrayList<>());
            for (int i = 0; i < SESSIONS; i++) {
                sessions.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    try {
                                        script(uri, "mixed-session.sql");
                                    } catch (IOException | AssertionError e) {
                                        failures.add(e.toString());
                                    }
                                }));
            }
            Sluice.pgbench(owner, "-c", "4", "-j", "2", "-t", "200").succeeded();
            for (Thread session : sessions) {
                session.join();
            }
            assertThat(failures).isEmpty();
            script(uri, "mixed-end.sql");
            check(sluice);

            // A second life of the same branch: pages that came from storage, changed again.
            script(uri, "mixed-session.sql");
            Sluice.psql(uri, "commit prepared 'kept'");
            Sluice.psql(uri, "vacuum freeze");
            check(sluice);
        }
    }

    private static void check(Sluice sluice) throws IOException {
        JsonNode check = sluice.json("inspect", "check-pages", "main");
        assertThat(check.path("differences")).isEmpty();
        assertThat(check.path("blocks").asLong()).isGreaterThan(100);
        assertThat(check.path("slru_blocks").asLong()).isPositive();
    }

    @Test
    void aDamagedPageIsFound() throws IOException {
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up();
            Sluice.psql(uri, "create table t as select generate_series(1, 1000) as i");
            String file = Sluice.psql(uri, "select pg_relation_filepath('t')");
            Path directory =
                    Path.of(sluice.branch("main").path("compute").path("data_directory").asText());
            sluice.run("endpoints", "suspend", "main").succeeded();
            byte[] bytes = Files.readAllBytes(directory.resolve(file));
            bytes[8000] ^= 1;
            Files.write(directory.resolve(file), bytes);
            Sluice.Result result = sluice.run("inspect", "check-pages", "main");
            assertThat(result.exitCode()).isEqualTo(1);
            assertThat(result.out()).contains("block 0", "1 differences");
        }
    }

    private static void script(String uri, String name) throws IOException {
        Path file = Files.createTempFile("workload", ".sql");
        try (var in = PagesIT.class.getResourceAsStream("/" + name)) {
            Files.write(file, java.util.Objects.requireNonNull(in).readAllBytes());
            Sluice.execute(
                            Map.of(),
                            List.of(
                                    "psql",
                                    "-XAtq",
                                    "-v",
                                    "ON_ERROR_STOP=1",
                                    uri,
                                    "-f",
                                    file.toString()))
                    .succeeded();
        } finally {
            Files.delete(file);
        }
    }
}
