package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Every part as a process of its own: it works as in one process, and outlives any of them. */
class SeparateProcessesIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @Test
    void aKilledPartComesBackAndNothingIsLost() throws IOException {
        List<Long> processes;
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up("--separate-processes");
            processes = new ArrayList<>(pids(sluice));
            assertThat(processes).hasSize(5).doesNotHaveDuplicates();
            Sluice.psql(uri, "create table t as select generate_series(1, 1000) i");
            anIdleSessionIsCarried(sluice, uri);
            for (String part : List.of("pageserver", "safekeeper 1", "agent", "control-plane")) {
                long killed = pid(sluice, part);
                kill(killed);
                await().atMost(SOON)
                        .ignoreExceptions()
                        .untilAsserted(() -> {
                            assertThat(pid(sluice, part))
                                    .as(part)
                                    .isNotEqualTo(killed)
                                    .isPositive();
                            // Cold, so that the page really comes from storage.
                            sluice.run("endpoints", "suspend", "main").succeeded();
                            assertThat(Sluice.psql(uri, "select count(*) from t"))
                                    .isEqualTo("1000");
                        });
                Sluice.psql(uri, "update t set i = i + 1");
            }
            whoComesWhileThePageserverIsAwayWaits(sluice, uri);
            assertThat(Sluice.psql(uri, "select sum(i) from t")).isEqualTo("504500");
            assertThat(sluice.json("inspect", "page", "--relation", "t").path("kind").asText())
                    .isEqualTo("heap");
            processes.addAll(pids(sluice));
            sluice.run("down").succeeded();
        }
        assertThat(processes).noneMatch(pid -> ProcessHandle.of(pid).isPresent());
    }

    private static void anIdleSessionIsCarried(Sluice sluice, String uri) throws IOException {
        try (Connection connection = DriverManager.getConnection(SessionsIT.jdbc(uri));
                Statement statement = connection.createStatement()) {
            statement.execute("set work_mem = '7MB'");
            sluice.run("endpoints", "suspend", "main").succeeded();
            try (ResultSet rows = statement.executeQuery("show work_mem")) {
                rows.next();
                assertThat(rows.getString(1)).isEqualTo("7MB");
            }
        } catch (SQLException e) {
            throw new AssertionError("the session did not outlive its compute", e);
        }
    }

    private static void whoComesWhileThePageserverIsAwayWaits(Sluice sluice, String uri)
            throws IOException {
        sluice.run("endpoints", "suspend", "main").succeeded();
        Path files = sluice.data().resolve("pageserver");
        Path kept = files.resolveSibling("kept");
        Files.move(files, kept);
        Files.writeString(files, "no directory"); // so that it cannot be started for a while
        kill(pid(sluice, "pageserver"));
        CompletableFuture<String> client =
                CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return Sluice.psql(uri, "select count(*) from t");
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        },
                        task -> Thread.ofVirtual().start(task));
        await().atMost(SOON).until(() -> state(sluice).equals("init") || client.isDone());
        assertThat(client).as("in, or refused, without pages").isNotDone();
        Files.delete(files);
        Files.move(kept, files);
        assertThat(client.join()).isEqualTo("1000");
    }

    private static String state(Sluice sluice) throws IOException {
        return sluice.json("endpoints", "list").path(0).path("current_state").asText();
    }

    private static void kill(long pid) {
        ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
        process.destroyForcibly();
        process.onExit().join();
    }

    private static long pid(Sluice sluice, String name) throws IOException {
        for (JsonNode part : sluice.json("status").path("parts")) {
            if (part.path("part").asText().equals(name)) {
                return part.path("pid").asLong();
            }
        }
        throw new AssertionError("no part " + name);
    }

    private static List<Long> pids(Sluice sluice) throws IOException {
        List<Long> pids = new ArrayList<>();
        for (JsonNode part : sluice.json("status").path("parts")) {
            pids.add(part.path("pid").asLong());
        }
        return pids;
    }
}
