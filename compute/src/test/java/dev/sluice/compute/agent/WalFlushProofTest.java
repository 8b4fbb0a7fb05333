package dev.sluice.compute.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.safekeeper.SegmentReader;
import dev.sluice.walservice.wal.CompleteRecordScanner;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Law 1 under load: when everything is killed at 10,000 flushes, what each safekeeper holds is byte
 * for byte what Postgres had written, a quorum holds all that Postgres took for flushed, and a
 * Postgres recovered from it has every row whose commit a client was told of.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class WalFlushProofTest {
    private static final long FLUSHES = Long.getLong("sluice.proof.flushes", 10_000);
    private static final int CHUNK = 1 << 20;

    /** No segment goes before it was compared. */
    private static final Map<String, String> KEEP_WAL =
            Map.of("wal_keep_size", "16GB", "max_wal_size", "8GB", "checkpoint_timeout", "1h");

    @TempDir Path folder;

    /** What Postgres itself says. */
    private record Progress(long flushes, Lsn flushed) {
        static Progress of(Statement statement) throws SQLException {
            try (ResultSet row =
                    statement.executeQuery(
                            "SELECT wal_sync, pg_current_wal_flush_lsn() FROM pg_stat_wal")) {
                row.next();
                return new Progress(row.getLong(1), Lsn.parse(row.getString(2)));
            }
        }
    }

    @Test
    void oneSafekeeperKilledWithEverythingElse() throws Exception {
        prove(1);
    }

    @Test
    void twoOfThreeSafekeepersAfterEverythingWasKilled() throws Exception {
        prove(3);
    }

    private void prove(int safekeepers) throws Exception {
        try (FlushStack stack = new FlushStack(folder, safekeepers)) {
            Set<Long> acknowledged = new HashSet<>();
            Path local = folder.resolve("local-wal");
            Lsn flushed = killUnderLoad(stack, acknowledged, local);
            for (SafekeeperProcess safekeeper : stack.safekeepers) {
                safekeeper.restart();
            }
            List<TimelineStatus> held = compare(stack, local);
            Lsn durable =
                    held.stream()
                            .map(TimelineStatus::flush)
                            .sorted(Comparator.reverseOrder())
                            .skip(stack.quorum() - 1)
                            .findFirst()
                            .orElseThrow();
            assertThat(durable).isGreaterThanOrEqualTo(lastRecordEnd(stack.start, local, flushed));
            System.out.printf(
                    "%d safekeepers: %d flushes, %d rows acknowledged, WAL from %s to %s%n",
                    safekeepers, FLUSHES, acknowledged.size(), stack.start, durable);
            recoverPlain(stack, held, acknowledged);
            recoverByAgent(stack, acknowledged);
        }
    }

    /** Returns what Postgres, shortly before it was killed, said it had flushed. */
    private static Lsn killUnderLoad(FlushStack stack, Set<Long> acknowledged, Path local)
            throws Exception {
        RunningCompute compute = stack.startCompute(KEEP_WAL);
        try (CommitLoad load = new CommitLoad(compute)) {
            Lsn flushed = awaitFlushes(compute, load);
            load.expectEnd();
            stack.freezeCompute();
            stack.copyLocalWal(local);
            stack.safekeepers.forEach(SafekeeperProcess::kill);
            stack.killCompute();
            load.awaitEnd();
            acknowledged.addAll(load.acknowledged());
            assertThat(acknowledged.size()).isGreaterThan((int) (FLUSHES / 4));
            return flushed;
        }
    }

    private static Lsn awaitFlushes(RunningCompute compute, CommitLoad load) throws SQLException {
        try (Connection observer = TestStack.connect(compute);
                Statement statement = observer.createStatement()) {
            await().atMost(Duration.ofMinutes(2))
                    .until(() -> {
                        load.checkGoing();
                        return Progress.of(statement).flushes() >= FLUSHES;
                    });
            return Progress.of(statement).flushed();
        }
    }

    private static List<TimelineStatus> compare(FlushStack stack, Path local) throws IOException {
        List<TimelineStatus> held = new ArrayList<>();
        ByteBuffer written = ByteBuffer.allocate(CHUNK);
        for (SafekeeperProcess safekeeper : stack.safekeepers) {
            SafekeeperClient client = safekeeper.client();
            TimelineStatus status = client.status(stack.timeline);
            try (SegmentReader reader = new SegmentReader(local)) {
                for (Lsn at = stack.start; at.isBefore(status.flush()); ) {
                    Lsn to = Lsn.min(status.flush(), at.plus(CHUNK));
                    reader.read(at, written.clear().limit((int) to.minus(at)));
                    ByteBuffer kept = ByteBuffer.wrap(client.read(stack.timeline, at, to));
                    int difference = kept.mismatch(written.flip());
                    assertThat(difference)
                            .as("%s differs at %s + this", safekeeper.address(), at)
                            .isEqualTo(-1);
                    at = to;
                }
            }
            held.add(status);
        }
        return held;
    }

    /** Postgres also flushes at page ends, inside records, which alone mean nothing. */
    private static Lsn lastRecordEnd(Lsn start, Path local, Lsn upTo) throws IOException {
        CompleteRecordScanner scanner = new CompleteRecordScanner(start, Lsn.INVALID);
        ByteBuffer wal = ByteBuffer.allocate(CHUNK);
        try (SegmentReader reader = new SegmentReader(local)) {
            while (scanner.position().isBefore(upTo)) {
                long left = upTo.minus(scanner.position());
                reader.read(scanner.position(), wal.clear().limit((int) Math.min(CHUNK, left)));
                scanner.accept(wal.flip());
            }
        }
        Lsn end = Lsn.min(scanner.end(), upTo);
        assertThat(upTo.minus(end)).isLessThan(WalSegments.SIZE);
        return end;
    }

    /** From the best of any quorum of safekeepers; the others may be lost. */
    private static void recoverPlain(
            FlushStack stack, List<TimelineStatus> held, Set<Long> acknowledged) throws Exception {
        int best = 0;
        for (int i = 1; i < stack.quorum(); i++) {
            if (held.get(i).flush().isAfter(held.get(best).flush())) {
                best = i;
            }
        }
        try (RecoveredPostgres postgres =
                        new RecoveredPostgres(
                                stack.template,
                                stack.safekeepers.get(best).client(),
                                stack.timeline,
                                stack.start,
                                held.get(best).flush());
                Connection connection = postgres.connect()) {
            checkRows(connection, acknowledged);
        }
    }

    private static void recoverByAgent(FlushStack stack, Set<Long> acknowledged) throws Exception {
        stack.safekeepers.stream().skip(stack.quorum()).forEach(SafekeeperProcess::kill);
        RunningCompute compute = stack.startCompute(KEEP_WAL);
        try (Connection connection = TestStack.connect(compute)) {
            checkRows(connection, acknowledged);
        }
    }

    private static void checkRows(Connection connection, Set<Long> acknowledged)
            throws SQLException {
        Set<Long> there = new HashSet<>();
        try (Statement statement = connection.createStatement()) {
            try (ResultSet rows =
                    statement.executeQuery("SELECT id, mark = md5(id::text) FROM committed")) {
                while (rows.next()) {
                    assertThat(rows.getBoolean(2)).as("mark of row %d", rows.getLong(1)).isTrue();
                    assertThat(there.add(rows.getLong(1))).isTrue();
                }
            }
            assertThat(there).containsAll(acknowledged);
            // What was under way when all was killed: at most two rows of each client.
            assertThat(there.size() - acknowledged.size()).isBetween(0, 2 * CommitLoad.CLIENTS);
            assertThat(there).allMatch(id -> id > 0);
            statement.execute("SET enable_seqscan = off");
            try (ResultSet row =
                    statement.executeQuery("SELECT count(*) FROM committed WHERE id > 0")) {
                row.next();
                assertThat(row.getInt(1)).isEqualTo(there.size());
            }
        }
    }
}
