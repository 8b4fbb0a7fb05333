package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Postgres's own readers of WAL, at safekeepers. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReadersIT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final int SEGMENT = 16 << 20;

    @TempDir Path directory;

    private Sluice sluice;
    private String uri;
    private JsonNode branch;
    private List<Integer> ports;

    @BeforeAll
    void start() throws IOException {
        sluice = new Sluice();
        uri = sluice.up("--safekeepers", "3", "--safekeeper-port", "0", "--separate-processes");
        branch = sluice.json("status").path("branches").path(0);
        ports = List.of(port(1), port(2), port(3));
    }

    private JsonNode part(int safekeeper) throws IOException {
        for (JsonNode part : sluice.json("status").path("parts")) {
            if (part.path("part").asText().equals("safekeeper " + safekeeper)) {
                return part;
            }
        }
        throw new AssertionError("no safekeeper " + safekeeper);
    }

    private int port(int safekeeper) throws IOException {
        Matcher address =
                Pattern.compile("tcp:127.0.0.1:(\\d+)")
                        .matcher(part(safekeeper).path("address").asText());
        assertThat(address.find()).isTrue();
        return Integer.parseInt(address.group(1));
    }

    @AfterAll
    void stop() throws IOException {
        sluice.close();
    }

    private Path certificate(String role) {
        return sluice.data().resolve("certs/parts/" + role + ".pem");
    }

    /** A connection string for the branch's WAL, with the certificate in this file. */
    private String reader(Path certificate, String options) {
        return reader("127.0.0.1", ports.getFirst().toString(), certificate, options);
    }

    /** As {@link #reader}, at whichever safekeeper is there. */
    private String readerAnywhere(Path certificate, String options) {
        return reader(
                "127.0.0.1,127.0.0.1,127.0.0.1",
                ports.stream().map(String::valueOf).collect(Collectors.joining(",")),
                certificate,
                options);
    }

    private String reader(String hosts, String hostsPorts, Path certificate, String options) {
        return ("host=%s port=%s user=reader sslmode=verify-full sslrootcert=%s sslcert=%s"
                        + " sslkey=%s options='-c timeline_id=%s%s'")
                .formatted(
                        hosts,
                        hostsPorts,
                        sluice.data().resolve("certs/ca.crt"),
                        certificate,
                        certificate,
                        branch.path("timeline_id").asText(),
                        options);
    }

    private Sluice.Result command(String connection, String command) throws IOException {
        return Sluice.execute(
                Map.of(), List.of("psql", "-XAt", connection + " replication=1", "-c", command));
    }

    /** A safekeeper that has ended and cannot be started again, until this is closed. */
    private final class Away implements AutoCloseable {
        private final int safekeeper;
        private final Path files;
        private final Path kept;

        Away(int safekeeper) throws IOException {
            this.safekeeper = safekeeper;
            files = sluice.data().resolve("safekeepers").resolve("" + safekeeper);
            kept = files.resolveSibling("away-" + safekeeper);
            Files.move(files, kept);
            Files.writeString(files, "no directory");
            ProcessHandle killed =
                    ProcessHandle.of(part(safekeeper).path("pid").asLong()).orElseThrow();
            killed.destroyForcibly();
            killed.onExit().join();
        }

        @Override
        public void close() throws IOException {
            Files.delete(files);
            Files.move(kept, files);
            await().atMost(SOON)
                    .until(() ->
                            sluice.json("safekeepers", "list")
                                    .path(safekeeper - 1)
                                    .path("reachable")
                                    .asBoolean());
        }
    }

    private Path segments(int safekeeper) {
        return sluice.data()
                .resolve("safekeepers/" + safekeeper)
                .resolve(branch.path("tenant_id").asText())
                .resolve(branch.path("timeline_id").asText());
    }

    @Test
    void pgReceivewalGetsTheSafekeepersSegmentsByteForByteFromWhicheverIsThere() throws Exception {
        Path into = Files.createDirectory(directory.resolve("received"));
        Sluice.psql(uri, "create table filled (i int, t text)");
        // Debian's client is of 15, and would refuse to be told the truth.
        Process process =
                new ProcessBuilder(
                                "pg_receivewal",
                                "-D",
                                into.toString(),
                                "-d",
                                readerAnywhere(certificate("reader"), " -c server_version=15"))
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("pg_receivewal.log").toFile())
                        .start();
        try {
            await().atMost(SOON).until(() -> !received(into).isEmpty());
            try (Away _ = new Away(1)) {
                // It waits for five seconds before it asks another one.
                for (int i = 0; i < 3; i++) {
                    Sluice.psql(
                            uri,
                            "insert into filled select i, repeat('x', 100) from"
                                    + " generate_series(1, 100000) i");
                }
                await().atMost(SOON)
                        .untilAsserted(
                                () -> assertThat(complete(into)).hasSizeGreaterThanOrEqualTo(2));
            }
            Path mine = segments(2);
            for (Path file : complete(into)) {
                byte[] received = Files.readAllBytes(file);
                byte[] kept = Files.readAllBytes(mine.resolve(file.getFileName()));
                assertThat(received).hasSize(SEGMENT);
                // It is begun with page headers, where the safekeeper has nothing.
                int start = 0;
                while (kept[start] == 0) {
                    start++;
                }
                assertThat(Arrays.mismatch(received, start, SEGMENT, kept, start, SEGMENT))
                        .as("first difference in %s, from byte %d on", file, start)
                        .isEqualTo(-1);
            }
        } finally {
            // Its sign to end well; of SIGTERM it dies.
            Sluice.execute(Map.of(), List.of("kill", "-INT", Long.toString(process.pid())))
                    .succeeded();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(process.exitValue())
                .as(Files.readString(directory.resolve("pg_receivewal.log")))
                .isZero();
    }

    private static List<Path> received(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    private static List<Path> complete(Path directory) throws IOException {
        return received(directory).stream()
                .filter(file -> file.getFileName().toString().length() == 24)
                .toList();
    }

    @Test
    void aStockStandbyFollowsABranchThroughSuspendsAndTheLossOfOneSafekeeperAfterTheOther()
            throws IOException, SQLException {
        String password =
                sluice.json("roles", "create", "warden", "--superuser").path("password").asText();
        Sluice.psql(uri, "create table seen as select generate_series(1, 1000) i");
        StockStandby standby;
        try (Connection connection =
                DriverManager.getConnection(
                        SessionsIT.jdbc(
                                uri.replaceAll("//[^@]+@", "//warden:" + password + "@")))) {
            standby = new StockStandby(connection);
        }
        try (standby) {
            Path certificate = standby.keep(certificate("reader"));
            Path authority = standby.keep(sluice.data().resolve("certs/ca.crt"));
            standby.start(
                    readerAnywhere(certificate, "")
                            .replaceAll("sslrootcert=\\S+", "sslrootcert=" + authority));
            String count = "select count(*) from seen";
            standby.awaitAnswer(SOON, "sluicedb", count, "1000");
            Sluice.psql(uri, "insert into seen select generate_series(1001, 2000)");
            standby.awaitAnswer(SOON, "sluicedb", count, "2000");
            // The next compute begins with a checkpoint that the agent wrote.
            sluice.run("endpoints", "suspend", "main").succeeded();
            Sluice.psql(uri, "insert into seen select generate_series(2001, 3000)");
            standby.awaitAnswer(SOON, "sluicedb", count, "3000");
            try (Away _ = new Away(1)) {
                Sluice.psql(uri, "insert into seen select generate_series(3001, 4000)");
                standby.awaitAnswer(SOON, "sluicedb", count, "4000");
            }
            try (Away _ = new Away(2)) {
                // Back to the first, which was started again, or on to the third.
                Sluice.psql(uri, "insert into seen select generate_series(4001, 5000)");
                standby.awaitAnswer(SOON, "sluicedb", count, "5000");
            }
            assertThat(standby.ask("sluicedb", "select pg_is_in_recovery()")).isEqualTo("t");
            assertThat(standby.ask("sluicedb", "select sum(i) from seen"))
                    .isEqualTo(Sluice.psql(uri, "select sum(i) from seen"));
        }
    }

    @Test
    void whoIsNoReaderIsRefused() throws IOException {
        String right = reader(certificate("reader"), "");
        assertThat(command(right, "IDENTIFY_SYSTEM").succeeded().line()).contains("|1|0/");
        assertThat(command(right.replace("verify-full", "disable"), "IDENTIFY_SYSTEM").err())
                .contains("TLS with a reader's certificate is required");
        assertThat(command(right.replaceAll("ssl(cert|key)=\\S+", ""), "IDENTIFY_SYSTEM").err())
                .contains("certificate required");
        assertThat(command(reader(certificate("agent"), ""), "IDENTIFY_SYSTEM").err())
                .contains("not a reader's");
    }

    @Test
    void whatASafekeeperCannotDoItSays() throws IOException {
        String right = reader(certificate("reader"), "");
        assertThat(command(right, "START_REPLICATION PHYSICAL 0/100").err())
                .contains("requested WAL segment 000000010000000000000000 has already been removed")
                .contains("begins at");
        assertThat(command(right, "START_REPLICATION SLOT s PHYSICAL 0/1000000").err())
                .contains("no replication slots");
        assertThat(command(right, "START_REPLICATION PHYSICAL F/0").err())
                .contains("is ahead of the WAL flush position");
        assertThat(command(right, "CREATE_REPLICATION_SLOT s LOGICAL pgoutput").err())
                .contains("no logical replication");
        assertThat(
                        command(
                                        right.replaceAll(
                                                "timeline_id=\\w+",
                                                "timeline_id=" + "0".repeat(32)),
                                        "IDENTIFY_SYSTEM")
                                .err())
                .contains("no timeline " + HexFormat.of().formatHex(new byte[16]));
    }
}
