package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Three safekeepers and an object store: WAL leaves their disks, and everything still works. */
class OffloadIT {
    private static final Duration SOON = Duration.ofSeconds(90);

    /** The pageserver makes its layers durable after so much WAL; some more is written. */
    private static final int ROWS = 130_000;

    @Test
    void theWholeHistoryIsThereWhenItsWalIsOnlyInTheObjectStore() throws Exception {
        try (Sluice sluice = new Sluice()) {
            Path objects = sluice.data().resolveSibling("objects");
            String store = "--object-store=" + objects;
            String uri = sluice.up("--safekeepers", "3", store);
            Sluice.psql(uri, "create table t as select generate_series(1, 100) i");
            String before = Sluice.psql(uri, "select pg_current_wal_flush_lsn()");
            Sluice.psql(uri, "update t set i = i + 1000");
            Path away = objects.resolveSibling("away");
            Files.move(objects, away);
            Files.writeString(objects, "no directory");
            fill(uri);
            awaitTold(sluice);
            Files.delete(objects);
            Files.move(away, objects);

            Lsn later = Lsn.parse(before).plus(2L * WalSegments.SIZE);
            awaitTrimmed(sluice, later);
            assertThat(segments(timeline(sluice, 1)).getFirst())
                    .isGreaterThan(WalSegments.segmentOf(later) - 1);
            assertThat(objects).isNotEmptyDirectory();
            assertTold(sluice);
            assertTheHistoryIsThere(sluice, before, "old");

            sluice.killEverything();
            uri = sluice.up(); // the folder knows the number of safekeepers, and the object store
            assertThat(Sluice.psql(uri, "select sum(i) from t")).isEqualTo("105050");
            assertTheHistoryIsThere(sluice, before, "older");

            sluice.run("down").succeeded();
            assertThat(sluice.run("up", "-d", "--port", "0", "--object-store=" + objects + "2"))
                    .satisfies(refused -> {
                        assertThat(refused.exitCode()).isNotZero();
                        assertThat(refused.err()).contains("is in the object store " + objects);
                    });
            delete(sluice.data().resolve("safekeepers/3"));
            uri = sluice.up("--separate-processes");
            Sluice.psql(uri, "insert into t values (0)");
            await().atMost(SOON)
                    .untilAsserted(() -> {
                        JsonNode branch = sluice.branch("main");
                        JsonNode rejoined = safekeeper(branch, 3);
                        assertThat(rejoined.path("commit_lsn").asText())
                                .isEqualTo(branch.path("commit_lsn").asText());
                        assertThat(lsn(rejoined, "local_start_lsn")).isGreaterThan(later);
                    });
            // It counts from the next start of a compute on: then the first may go.
            sluice.run("endpoints", "suspend", "main").succeeded();
            assertThat(Sluice.psql(uri, "select count(*) from t")).isEqualTo("101");
            assertTheHistoryIsThere(sluice, before, "oldest");
        }
    }

    /** The object store cannot be used, and everybody is told. */
    private static void awaitTold(Sluice sluice) {
        await().atMost(SOON)
                .untilAsserted(() -> {
                    JsonNode branch = sluice.branch("main");
                    assertThat(branch.path("offload").path("failure").asText()).isNotEmpty();
                    assertThat(branch.path("offload").path("pending_segments").asInt())
                            .isPositive();
                    assertThat(branch.path("warnings").toString())
                            .contains("WAL of branch main is not offloaded: ");
                    String metrics = sluice.metrics();
                    assertThat(value(metrics, "sluice_offload_failures")).isPositive();
                    assertThat(value(metrics, "sluice_offload_pending_segments")).isPositive();
                });
    }

    private static void assertTold(Sluice sluice) throws IOException {
        await().atMost(SOON)
                .untilAsserted(() -> {
                    JsonNode branch = sluice.branch("main");
                    assertThat(branch.path("offload").path("pending_segments").asInt()).isZero();
                    assertThat(branch.path("offload").has("failure")).isFalse();
                    assertThat(branch.path("offload").path("safekeepers")).hasSize(1);
                });
        String metrics = sluice.metrics();
        assertThat(value(metrics, "sluice_offload_uploaded_segments")).isGreaterThan(1);
        assertThat(value(metrics, "sluice_offload_elected")).isEqualTo(1);
        assertThat(value(metrics, "sluice_offload_pending_segments")).isZero();
        assertThat(metrics)
                .contains("sluice_wal_lsn{branch=\"main\",what=\"offloaded\"}")
                .contains("sluice_wal_lsn{branch=\"main\",what=\"trimmed\"}");
        int offloads = 0;
        for (JsonNode safekeeper : sluice.json("safekeepers", "list")) {
            offloads += safekeeper.path("offloads").asInt();
        }
        assertThat(offloads).as("the one branch").isEqualTo(1);
    }

    /** The sum over all labels. */
    private static double value(String metrics, String name) {
        return metrics.lines()
                .filter(line -> line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private static void fill(String uri) throws IOException {
        Sluice.psql(
                uri,
                "create table big as select i, repeat(md5(i::text), 22) r"
                        + " from generate_series(1, "
                        + ROWS
                        + ") i");
    }

    private static void awaitTrimmed(Sluice sluice, Lsn to) {
        await().atMost(SOON)
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> {
                    JsonNode branch = sluice.branch("main");
                    assertThat(lsn(branch, "trimmed_lsn")).isGreaterThan(to);
                    assertThat(lsn(branch, "offloaded_lsn"))
                            .isGreaterThanOrEqualTo(lsn(branch, "trimmed_lsn"));
                });
    }

    /** Both were written in WAL that is not on any safekeeper any more. */
    private static void assertTheHistoryIsThere(Sluice sluice, String lsn, String branch)
            throws IOException {
        JsonNode records = sluice.json("inspect", "wal", "--from", lsn, "--limit", "5");
        assertThat(records).isNotEmpty();
        sluice.run("branches", "create", "--name", branch, "--at", lsn).succeeded();
        assertThat(Sluice.psql(sluice.connectionString(branch), "select sum(i) from t"))
                .isEqualTo("5050");
        sluice.run("branches", "delete", branch).succeeded();
    }

    private static JsonNode safekeeper(JsonNode branch, int number) {
        for (JsonNode safekeeper : branch.path("safekeepers")) {
            if (safekeeper.path("safekeeper").asInt() == number) {
                return safekeeper;
            }
        }
        throw new AssertionError("safekeeper " + number + " does not answer");
    }

    private static Lsn lsn(JsonNode node, String field) {
        assertThat(node.path(field).asText()).as(field).isNotEmpty();
        return Lsn.parse(node.path(field).asText());
    }

    private static Path timeline(Sluice sluice, int safekeeper) throws IOException {
        JsonNode branch = sluice.branch("main");
        return sluice.data()
                .resolve("safekeepers/" + safekeeper)
                .resolve(branch.path("tenant_id").asText())
                .resolve(branch.path("timeline_id").asText());
    }

    private static List<Long> segments(Path timeline) throws IOException {
        try (Stream<Path> files = Files.list(timeline)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(WalSegments::isFileName)
                    .map(WalSegments::parseFileName)
                    .sorted()
                    .toList();
        }
    }

    /** Another disk in the place of the one that was lost. */
    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
