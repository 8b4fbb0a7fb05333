package dev.sluice.walservice.proposer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.safekeeper.SegmentReader;
import dev.sluice.walservice.wal.ThrowawayPostgres;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The WAL of a real Postgres, flushed while it is written. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PostgresWalFlushTest {
    private static final Lsn START = WalSegments.segmentStart(1);

    @TempDir Path directory;

    @Test
    void whatPostgresHasWrittenIsOnTheSafekeepersByteForByte() throws Exception {
        try (ThrowawayPostgres postgres =
                        new ThrowawayPostgres("min_wal_size = 512MB", "max_wal_size = 512MB");
                Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                Fleet fleet = new Fleet(directory, 3, START)) {
            LocalWal wal =
                    (at, into) -> {
                        try (SegmentReader reader = new SegmentReader(postgres.wal())) {
                            reader.read(at, into);
                        }
                    };
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                statement.execute("CREATE TABLE t (i int PRIMARY KEY, b text)");
                Lsn durable = START;
                for (int i = 0; i < 60; i++) {
                    statement.execute(
                            "INSERT INTO t SELECT g, repeat('x', g % 500) FROM generate_series("
                                    + (i * 1000)
                                    + ","
                                    + (i * 1000 + 999)
                                    + ") g");
                    if (i % 20 == 10) {
                        statement.execute("SELECT pg_switch_wal()");
                    }
                    Lsn flushed = position(statement, "pg_current_wal_flush_lsn()");
                    durable = proposer.flush(position(statement, "pg_current_wal_lsn()"));
                    assertThat(durable).isGreaterThanOrEqualTo(flushed);
                }
                Lsn end = durable;
                await().until(() -> fleet.client(2).status(fleet.id).commit().equals(end));
                for (int safekeeper = 0; safekeeper < 3; safekeeper++) {
                    compare(fleet, safekeeper, wal, end);
                }
            }
        }
    }

    private static Lsn position(Statement statement, String function) throws SQLException {
        try (ResultSet result = statement.executeQuery("SELECT " + function)) {
            result.next();
            return Lsn.parse(result.getString(1));
        }
    }

    private static void compare(Fleet fleet, int safekeeper, LocalWal wal, Lsn end)
            throws Exception {
        for (Lsn at = START; at.isBefore(end); ) {
            Lsn to = Lsn.min(end, at.plus(1 << 20));
            ByteBuffer local = ByteBuffer.allocate((int) to.minus(at));
            wal.read(at, local);
            assertThat(fleet.client(safekeeper).read(fleet.id, at, to))
                    .as("WAL from %s", at)
                    .isEqualTo(local.array());
            at = to;
        }
    }
}
