package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pageserver that hangs or is slow: commits slow down, nothing fails, the lag is bounded. */
class BackpressureIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final long LIMIT = 4 << 20;

    /** What Postgres can write before it asks for the next flush: its buffers and one segment. */
    private static final long SLACK = 20 << 20;

    @TempDir Path directory;

    @Test
    void commitsWaitForAPageserverThatIsFarBehindAndNothingFails() throws Exception {
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up("--separate-processes", "--max-wal-lag", "4");
            Sluice.psql(uri, "create table t (i bigserial, filler text)");
            Path script =
                    Files.writeString(
                            directory.resolve("insert.sql"),
                            "insert into t (filler) select repeat(md5(random()::text), 60);\n");
            run(uri, script, "-t", "50"); // what the script reads is here now
            long pageserver = part(sluice, "pageserver");
            signal("STOP", pageserver);
            CompletableFuture<Long> load;
            try {
                // Half as much again as the limit, however slow the machine.
                load = CompletableFuture.supplyAsync(() -> run(uri, script, "-t", "800"));
                await().atMost(SOON).until(() -> commits(sluice).path("held_back").asBoolean());
                JsonNode held = commits(sluice);
                assertThat(held.path("pageserver_lag_bytes").asLong()).isBetween(LIMIT / 2, SLACK);
                assertThat(held.path("pageserver_lag_limit_bytes").asLong()).isEqualTo(LIMIT);
                await().atMost(SOON)
                        .untilAsserted(() ->
                                assertThat(sluice.run("status").succeeded().out())
                                        .containsPattern(
                                                "warning +commits of branch main wait: the pageserver is \\d+ MiB of WAL behind, the limit is 4 MiB"));
                assertThat(metrics(sluice))
                        .containsPattern(
                                "sluice_wal_lsn\\{branch=\"main\",what=\"committed\",?\\} ")
                        .contains("sluice_safekeeper_free_bytes", "sluice_gateway_sessions")
                        .doesNotContain("what=\"ingested\"", "sluice_page_reads");
                assertThat(load).isNotDone();
            } finally {
                signal("CONT", pageserver);
            }
            AtomicBoolean slow = new AtomicBoolean(true);
            CompletableFuture<Void> brake =
                    CompletableFuture.runAsync(() -> breathe(pageserver, slow));
            try {
                while (!load.isDone()) {
                    assertThat(commits(sluice).path("pageserver_lag_bytes").asLong())
                            .isLessThan(SLACK);
                }
            } finally {
                slow.set(false);
                brake.join();
            }
            assertThat(load.get()).isPositive();
            assertThat(Sluice.psql(uri, "select count(*) from t"))
                    .isEqualTo("" + (200 + load.get()));
            assertThat(commits(sluice).path("delay_seconds").asDouble()).isPositive();
            assertThat(metrics(sluice))
                    .containsPattern("sluice_commit_delay_seconds\\{branch=\"main\",?\\} [1-9]");
            await().atMost(SOON).until(() -> !commits(sluice).path("held_back").asBoolean());
            assertThat(metrics(sluice)).contains("what=\"ingested\"", "sluice_page_reads");
            howThingsAreIsToldWhateverHangs(sluice);
        }
    }

    private static void howThingsAreIsToldWhateverHangs(Sluice sluice) throws IOException {
        String url = metricsUrl(sluice);
        List<Long> others = new ArrayList<>();
        for (JsonNode part : sluice.json("status").path("parts")) {
            if (!part.path("part").asText().matches("server|control-plane")) {
                others.add(part.path("pid").asLong());
            }
        }
        assertThat(others).hasSizeGreaterThanOrEqualTo(4);
        others.forEach(pid -> signal("STOP", pid));
        try {
            assertThat(scrape(url))
                    .contains("sluice_endpoint_active{branch=\"main\"")
                    .doesNotContain("sluice_gateway_sessions", "sluice_safekeeper_free_bytes");
            JsonNode main = sluice.branch("main");
            assertThat(main.path("ingest_error").asText()).contains("does not answer");
            assertThat(main.path("safekeepers")).isEmpty();
            assertThat(main.has("sessions")).isFalse();
        } finally {
            others.forEach(pid -> signal("CONT", pid));
        }
        await().atMost(SOON)
                .untilAsserted(() ->
                        assertThat(scrape(url))
                                .contains("sluice_gateway_sessions", "what=\"ingested\""));
    }

    /** A pageserver that works one tenth of the time. */
    private static void breathe(long pageserver, AtomicBoolean go) {
        while (go.get()) {
            signal("STOP", pageserver);
            pause(90);
            signal("CONT", pageserver);
            pause(10);
        }
    }

    private static void pause(int millis) {
        LockSupport.parkNanos(millis * 1_000_000L);
    }

    /** The transactions of four clients, of which none failed. */
    private static long run(String uri, Path script, String... much) {
        try {
            List<String> options =
                    new ArrayList<>(List.of("-n", "-c", "4", "-f", script.toString()));
            options.addAll(List.of(much));
            String said = Sluice.pgbench(uri, options.toArray(String[]::new)).succeeded().out();
            Matcher done = Pattern.compile("actually processed: (\\d+)").matcher(said);
            assertThat(done.find()).as(said).isTrue();
            assertThat(said).contains("failed transactions: 0 ");
            return Long.parseLong(done.group(1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode commits(Sluice sluice) throws IOException {
        return sluice.branch("main").path("commits");
    }

    private static String metrics(Sluice sluice) throws IOException {
        return scrape(metricsUrl(sluice));
    }

    private static String metricsUrl(Sluice sluice) throws IOException {
        String api = sluice.json("status").path("server").path("api_url").asText();
        return api.replaceFirst("/api/v2$", "/metrics");
    }

    private static String scrape(String url) throws IOException {
        return Sluice.execute(Map.of(), List.of("curl", "-sf", "-m", "30", url)).succeeded().out();
    }

    private static long part(Sluice sluice, String name) throws IOException {
        for (JsonNode part : sluice.json("status").path("parts")) {
            if (part.path("part").asText().equals(name)) {
                return part.path("pid").asLong();
            }
        }
        throw new AssertionError("no part " + name);
    }

    private static void signal(String name, long pid) {
        try {
            Sluice.execute(Map.of(), List.of("kill", "-" + name, Long.toString(pid))).succeeded();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
