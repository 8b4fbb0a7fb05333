package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * A part on a file system that fills up. Needs to be root, to mount a small one; what the
 * safekeeper does is also tested where nothing can be mounted, in {@code DiskFullTest}.
 */
class DiskFullIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @Test
    void commitsWaitForRoomStatusSaysSoAndAllGoesOn() throws Exception {
        try (Sluice sluice = new Sluice()) {
            Path disk = Files.createDirectories(sluice.data().resolve("safekeepers/1"));
            assumeThat(mount("-t", "tmpfs", "-o", "size=140m", "none", disk.toString()))
                    .as("a small file system can be mounted")
                    .isTrue();
            try {
                String uri = sluice.up();
                assertThat(sluice.run("status").succeeded().out())
                        .containsPattern(
                                "warning +safekeeper 1 is short of space: \\d+ MiB free in .*safekeepers/1");
                assertThat(safekeeper(sluice).path("disk").asText()).isEqualTo("low");
                Sluice.psql(uri, "create table t (i int, filler text)");
                CompletableFuture<String> load =
                        CompletableFuture.supplyAsync(() -> insert(uri, 120_000));
                await().atMost(SOON)
                        .until(() -> safekeeper(sluice).path("disk").asText().equals("full"));
                assertThat(sluice.run("status").succeeded().out())
                        .containsPattern("warning +safekeeper 1 takes no WAL: \\d+ MiB free");
                assertThat(safekeeper(sluice).path("refused_appends").asLong()).isPositive();
                assertThat(load).isNotDone();
                assertThat(mount("-o", "remount,size=2g", disk.toString())).isTrue();
                assertThat(load.get()).isEqualTo("120000");
                assertThat(safekeeper(sluice).path("disk").asText()).isEqualTo("ok");
                assertThat(sluice.run("status").succeeded().out()).doesNotContain("warning");
            } finally {
                sluice.run("down");
                Sluice.execute(Map.of(), List.of("umount", disk.toString())).succeeded();
            }
        }
    }

    @Test
    void thePageserversDiskIsToldOfAndIngestGoesOnWithRoom() throws Exception {
        try (Sluice sluice = new Sluice()) {
            Path disk = Files.createDirectories(sluice.data().resolve("pageserver"));
            assumeThat(mount("-t", "tmpfs", "-o", "size=48m", "none", disk.toString()))
                    .as("a small file system can be mounted")
                    .isTrue();
            try {
                String uri = sluice.up();
                Sluice.psql(uri, "create table t (i int, filler text)");
                insert(uri, 120_000);
                await().atMost(SOON)
                        .untilAsserted(() ->
                                assertThat(sluice.branch("main").path("ingest_error").asText())
                                        .contains("cannot write a layer to " + disk));
                await().atMost(SOON)
                        .untilAsserted(() ->
                                assertThat(sluice.run("status").succeeded().out())
                                        .contains(
                                                "warning    WAL of branch main is not taken in by the pageserver: "));
                assertThat(Files.readString(sluice.data().resolve("logs/sluice.log")))
                        .containsOnlyOnce("cannot write a layer to " + disk)
                        .containsPattern("ERROR WalReceiver .*: ingest waits at ");
                assertThat(mount("-o", "remount,size=2g", disk.toString())).isTrue();
                await().atMost(SOON)
                        .untilAsserted(() ->
                                assertThat(sluice.run("status").succeeded().out())
                                        .doesNotContain("warning"));
                assertThat(Sluice.psql(uri, "select count(*) from t")).isEqualTo("120000");
            } finally {
                sluice.run("down");
                Sluice.execute(Map.of(), List.of("umount", disk.toString())).succeeded();
            }
        }
    }

    private static String insert(String uri, int rows) {
        try {
            for (int done = 0; done < rows; done += 1_000) {
                Sluice.psql(
                        uri,
                        "insert into t select i, repeat(md5(i::text), 20) from generate_series(1, 1000) i");
            }
            return Sluice.psql(uri, "select count(*) from t");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode safekeeper(Sluice sluice) throws IOException {
        return sluice.json("status").path("safekeepers").path(0);
    }

    private static boolean mount(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("mount"));
        command.addAll(List.of(arguments));
        return Sluice.execute(Map.of(), command).exitCode() == 0;
    }
}
