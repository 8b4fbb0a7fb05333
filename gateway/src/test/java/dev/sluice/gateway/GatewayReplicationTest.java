package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/** Replication through the gateway: CopyBoth in both directions, with real clients. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayReplicationTest {
    private static final String SLOT = "through_the_gateway";

    @TempDir Path directory;

    private TestGateway gateway;

    @BeforeEach
    void open(TestPostgres postgres) throws Exception {
        gateway = new TestGateway(postgres, directory);
    }

    @AfterEach
    void close() throws SQLException {
        // The server is shared: a slot that stays would keep its WAL.
        Awaitility.await()
                .ignoreExceptions()
                .untilAsserted(() ->
                        sql(
                                "select pg_drop_replication_slot(slot_name) from pg_replication_slots"));
        sql("drop table if exists replicated");
        gateway.close();
    }

    private void sql(String statement) throws SQLException {
        try (Connection connection = gateway.connect(TestGateway.login("postgres"));
                Statement run = connection.createStatement()) {
            run.execute(statement);
        }
    }

    private Connection replicating(String kind) throws SQLException {
        Properties properties = TestGateway.login("postgres");
        properties.setProperty("replication", kind);
        properties.setProperty("assumeMinServerVersion", "9.4");
        properties.setProperty("preferQueryMode", "simple");
        return gateway.connect(properties);
    }

    private static String next(PGReplicationStream stream) throws SQLException {
        ByteBuffer message = Objects.requireNonNull(stream.read());
        byte[] bytes = new byte[message.remaining()];
        message.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void changesAsTheyAreDecodedAndWhatTheClientConfirms() throws Exception {
        sql("create table replicated (i int primary key, t text)");
        try (Connection connection = replicating("database")) {
            var api = connection.unwrap(PGConnection.class).getReplicationAPI();
            api.createReplicationSlot()
                    .logical()
                    .withSlotName(SLOT)
                    .withOutputPlugin("test_decoding")
                    .make();
            sql("insert into replicated values (1, 'one')");
            sql("insert into replicated values (2, repeat('ë', 1000000))");
            try (PGReplicationStream stream =
                    api.replicationStream()
                            .logical()
                            .withSlotName(SLOT)
                            .withSlotOption("include-xids", false)
                            .withStatusInterval(1, TimeUnit.SECONDS)
                            .start()) {
                assertThat(next(stream)).isEqualTo("BEGIN");
                assertThat(next(stream))
                        .isEqualTo("table public.replicated: INSERT: i[integer]:1 t[text]:'one'");
                assertThat(next(stream)).isEqualTo("COMMIT");
                assertThat(next(stream)).isEqualTo("BEGIN");
                assertThat(next(stream)).endsWith("'" + "ë".repeat(1_000_000) + "'");
                assertThat(next(stream)).isEqualTo("COMMIT");
                LogSequenceNumber end = stream.getLastReceiveLSN();
                stream.setFlushedLSN(end);
                stream.setAppliedLSN(end);
                stream.forceUpdateStatus();
                Awaitility.await()
                        .untilAsserted(() -> assertThat(confirmed()).isEqualTo(end.asString()));
            }
            // The CopyBoth is over, and the connection is good for something else.
            try (Statement statement = connection.createStatement()) {
                assertThat(statement.execute("IDENTIFY_SYSTEM")).isTrue();
            }
        }
    }

    private String confirmed() throws SQLException {
        try (Connection connection = gateway.connect(TestGateway.login("postgres"));
                Statement statement = connection.createStatement();
                var rows =
                        statement.executeQuery(
                                "select confirmed_flush_lsn from pg_replication_slots where slot_name = '"
                                        + SLOT
                                        + "'")) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }

    @Test
    void walAsItIs() throws Exception {
        String start;
        try (Connection connection = gateway.connect(TestGateway.login("postgres"));
                Statement statement = connection.createStatement();
                var rows = statement.executeQuery("select pg_current_wal_flush_lsn()")) {
            assertThat(rows.next()).isTrue();
            start = rows.getString(1);
        }
        sql(
                "create table replicated as select repeat('marked', 2) as t from generate_series(1, 50000)");
        try (Connection connection = replicating("true")) {
            try (PGReplicationStream stream =
                    connection
                            .unwrap(PGConnection.class)
                            .getReplicationAPI()
                            .replicationStream()
                            .physical()
                            .withStartPosition(LogSequenceNumber.valueOf(start))
                            .start()) {
                long bytes = 0;
                while (bytes < 3_000_000) {
                    ByteBuffer wal = Objects.requireNonNull(stream.read());
                    assertThat(wal.remaining()).isPositive();
                    bytes += wal.remaining();
                }
                assertThat(stream.getLastReceiveLSN().asLong())
                        .isGreaterThanOrEqualTo(LogSequenceNumber.valueOf(start).asLong() + bytes);
            }
        }
    }

    @Test
    void pgRecvlogical() throws Exception {
        sql("select pg_create_logical_replication_slot('" + SLOT + "', 'test_decoding')");
        sql("create table replicated (i int)");
        sql("insert into replicated values (42)");
        ProcessBuilder builder =
                new ProcessBuilder(
                                "pg_recvlogical",
                                "--dbname",
                                "host=127.0.0.1 port=%d dbname=app user=postgres sslmode=require"
                                        .formatted(gateway.port()),
                                "--slot",
                                SLOT,
                                "--start",
                                "--file=-",
                                "--option=include-xids=0")
                        .redirectErrorStream(true);
        builder.environment()
                .put("PGPASSWORD", TestPostgres.PASSWORDS.getOrDefault("postgres", "none"));
        Process process = builder.start();
        try (BufferedReader said = process.inputReader(StandardCharsets.UTF_8)) {
            List<String> lines = new ArrayList<>();
            String line;
            while ((line = said.readLine()) != null && !line.contains("i[integer]:42")) {
                lines.add(line);
            }
            assertThat(line)
                    .as("after %s", lines)
                    .isEqualTo("table public.replicated: INSERT: i[integer]:42");
            // It says goodbye, and what it has received.
            process.destroy();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
    }
}
