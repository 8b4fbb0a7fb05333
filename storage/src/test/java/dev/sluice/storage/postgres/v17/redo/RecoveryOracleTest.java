package dev.sluice.storage.postgres.v17.redo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.oracle.ComparisonReport;
import dev.sluice.storage.oracle.RedoListener;
import dev.sluice.storage.oracle.RedoOracle;
import dev.sluice.storage.oracle.RedoReport;
import dev.sluice.storage.oracle.TypeCount;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.ThrowawayPostgres;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Redo against Postgres's recovery: what a standby makes of the same WAL, and from every kind of
 * data directory that Postgres can recover.
 */
class RecoveryOracleTest {
    private static final String[] SETTINGS = {
        "wal_consistency_checking = all",
        "wal_level = logical",
        "autovacuum = off",
        "checkpoint_timeout = 1h",
        "max_wal_size = 8GB",
        "wal_keep_size = 8GB",
        // Changed pages are written out at any time, and not made whole by WAL.
        "shared_buffers = 2MB",
        "full_page_writes = off",
        "max_prepared_transactions = 5",
        "track_commit_timestamp = on"
    };

    @TempDir private static Path directory;
    private static ThrowawayPostgres primary;
    private static Path base;
    private static Path backup;
    private static Path crashed;
    private static Path standby;
    private static Lsn middle = Lsn.INVALID;
    private static RedoOracle fromBase;
    private static RedoReport report;

    @BeforeAll
    static void recordAndRecover() throws Exception {
        primary = new ThrowawayPostgres(SETTINGS);
        primary.stop();
        base = directory.resolve("base");
        ThrowawayPostgres.copy(primary.data(), base);
        primary.start();
        OracleWorkload.run(primary);
        backup = directory.resolve("backup");
        crashed = directory.resolve("crashed");
        try (Connection connection = primary.connect();
                Statement sql = connection.createStatement()) {
            backUp(sql);
            // Nobody writes while it is copied, so this is what a crash would leave.
            writeHalfOfItOut(sql);
            ThrowawayPostgres.copy(primary.data(), crashed);
            sql.execute("DELETE FROM half WHERE a % 3 = 0");
            sql.execute("BEGIN; INSERT INTO half VALUES (0); PREPARE TRANSACTION 'p'");
        }
        primary.stop();
        standby = directory.resolve("standby");
        recover();
        fromBase = open(base, new Redo17());
        report = fromBase.redo(null);
    }

    /** Pages that are newer than the last checkpoint, or no longer there, and pages in memory. */
    private static void writeHalfOfItOut(Statement sql) throws SQLException {
        sql.execute("CREATE TABLE gone AS SELECT generate_series(1, 3000) a");
        sql.execute("CREATE TABLE half AS SELECT generate_series(1, 60000) a");
        sql.execute("CHECKPOINT");
        sql.execute("DELETE FROM half WHERE a % 5 = 0");
        sql.execute("DELETE FROM gone WHERE a % 5 = 0");
        sql.execute("DROP TABLE gone");
        sql.execute("INSERT INTO half SELECT generate_series(1, 60000)");
    }

    /** Pages change, files come and go while it is copied. */
    private static void backUp(Statement sql) throws Exception {
        sql.execute("CREATE TABLE gone AS SELECT generate_series(1, 3000) a");
        sql.execute("CREATE TABLE cut AS SELECT generate_series(1, 30000) a");
        sql.execute("CREATE TABLE changed (a int PRIMARY KEY, b int)");
        sql.execute("INSERT INTO changed SELECT g, 0 FROM generate_series(1, 3000) g");
        sql.execute("SELECT pg_backup_start('b', true)");
        sql.execute("INSERT INTO gone SELECT generate_series(1, 2000)");
        sql.execute("DELETE FROM cut WHERE a > 100");
        sql.execute("VACUUM cut");
        sql.execute("UPDATE changed SET b = 1");
        sql.execute("DROP TABLE gone");
        sql.execute("CHECKPOINT");
        ThrowawayPostgres.copy(primary.data(), backup);
        sql.execute("UPDATE changed SET b = b + 1");
        middle = new Lsn(number(sql, "SELECT pg_current_wal_insert_lsn() - '0/0'"));
        try (ResultSet label = sql.executeQuery("SELECT labelfile FROM pg_backup_stop(false)")) {
            label.next();
            Files.writeString(backup.resolve("backup_label"), label.getString(1));
        }
    }

    private static void recover() throws Exception {
        String restore = "restore_command = 'cp \"" + primary.wal() + "/%f\" \"%p\"'";
        try (ThrowawayPostgres second =
                primary.onCopyOf(base, restore, "wal_consistency_checking = ''")) {
            Files.createFile(second.data().resolve("standby.signal"));
            second.start();
            Lsn end = endOf(primary.data());
            try (Connection connection = second.connect();
                    Statement sql = connection.createStatement()) {
                while (number(sql, "SELECT pg_last_wal_replay_lsn() - '0/0'") <= end.value()) {
                    sql.execute("SELECT pg_sleep(0.02)");
                }
            }
            second.stop();
            ThrowawayPostgres.copy(second.data(), standby);
        }
    }

    private static long number(Statement sql, String query) throws SQLException {
        try (ResultSet result = sql.executeQuery(query)) {
            result.next();
            return result.getLong(1);
        }
    }

    /** Where the last checkpoint's record begins. */
    private static Lsn endOf(Path data) throws IOException {
        return PostgresMajor.of(17)
                .controlFile(Files.readAllBytes(data.resolve("global/pg_control")))
                .checkPointLocation();
    }

    @AfterAll
    static void remove() throws IOException {
        if (fromBase != null) {
            fromBase.close();
        }
        if (primary != null) {
            primary.close();
        }
    }

    private static RedoOracle open(Path from, PageRedo redo) throws IOException {
        return new RedoOracle(from, primary.wal(), directory, _ -> redo, RedoListener.NONE);
    }

    @Test
    void everyPageIsWhatAStandbyMakes() throws Exception {
        assertEqual(fromBase, report, standby);
        assertThat(sum(report, TypeCount::ahead)).isZero();
        assertThat(report.imagesChecked()).isEqualTo(report.imagesBeside()).isGreaterThan(20_000);
    }

    @Test
    void everyPageIsWhatThePrimaryLeft() throws Exception {
        assertEqual(fromBase, report, primary.data());
    }

    @Test
    void aBackupOfARunningServerIsRecovered() throws Exception {
        try (RedoOracle oracle = open(backup, new Redo17())) {
            assertEqual(oracle, oracle.redo(null), primary.data());
        }
    }

    /** As Postgres does: what a page already has is not done again, and not compared. */
    @Test
    void aCrashedDirectoryWithNewerAndMissingPagesIsRecovered() throws Exception {
        try (RedoOracle oracle = open(crashed, new Redo17())) {
            RedoReport crash = oracle.redo(null);
            assertEqual(oracle, crash, primary.data());
            assertThat(sum(crash, TypeCount::ahead)).isPositive();
            assertThat(crash.imagesBeside() - crash.imagesChecked())
                    .isPositive()
                    .isLessThanOrEqualTo(sum(crash, TypeCount::ahead));
        }
    }

    private static void assertEqual(RedoOracle oracle, RedoReport redo, Path with)
            throws IOException {
        assertThat(redo.differences()).isEmpty();
        assertThat(redo.imagesChecked()).isPositive();
        ComparisonReport compared = oracle.compareWith(with);
        assertThat(compared.differences()).isEmpty();
        assertThat(compared.checkPointCompared()).isTrue();
        assertThat(compared.blocks()).isGreaterThan(2000);
        assertThat(compared.slruBlocks()).isPositive();
    }

    private static long sum(RedoReport report, ToLongFunction<TypeCount> of) {
        return report.counts().values().stream().mapToLong(of).sum();
    }

    @Test
    void whateverIsChangedInADirectoryIsFound() throws Exception {
        Path edited = directory.resolve("edited");
        ThrowawayPostgres.copy(standby, edited);
        Path database = edited.resolve("base/5");
        Path catalog = database.resolve("1259");
        flip(catalog, Page.SIZE - 24);
        Files.delete(database.resolve("2619"));
        Files.write(database.resolve("99999"), new byte[Page.SIZE]);
        flip(edited.resolve("pg_xact/0000"), 200);
        flip(edited.resolve("global/pg_filenode.map"), 30);
        Files.delete(only(edited.resolve("pg_twophase")));
        ComparisonReport compared = fromBase.compareWith(edited);
        assertThat(compared.differences())
                .anyMatch(line -> line.startsWith("base/5/1259 block 0: HEAP page: 1 bytes differ"))
                .anyMatch(line -> line.matches("base/5/2619 is not in .*, redo has it.*"))
                .anyMatch(line -> line.matches("base/5/99999 is in .*, redo has no such file.*"))
                .anyMatch(line -> line.startsWith("pg_xact/0000 block 0: byte 200 is "))
                .anyMatch(line -> line.startsWith("global/pg_filenode.map: byte 30 is "))
                .anyMatch(line -> line.matches("pg_twophase/.* is not in .*"))
                .hasSize(6);
        assertThat(compared.differenceCount()).isEqualTo(6);
    }

    private static void flip(Path file, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 1;
        Files.write(file, bytes);
    }

    private static Path only(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList().getFirst();
        }
    }

    @Test
    void redoThatStopsEarlierThanTheDirectoryIsToldFromIt() throws Exception {
        try (RedoOracle oracle = open(base, new Redo17())) {
            RedoReport half = oracle.redo(middle);
            assertThat(half.end()).isLessThanOrEqualTo(middle);
            assertThat(half.differences()).isEmpty();
            assertThat(oracle.compareWith(standby).differences())
                    .anyMatch(line -> line.contains(", redo has no such file"));
        }
    }

    @Test
    void aBackupIsNoneBeforeItsEnd() throws Exception {
        try (RedoOracle oracle = open(backup, new Redo17())) {
            assertThat(oracle.redo(middle).differences())
                    .contains("the WAL ends before the backup did");
        }
    }

    @Test
    void aDirectoryWithoutImagesInItsWalIsNotChecked() throws Exception {
        try (ThrowawayPostgres plain = primary.onCopyOf(base, "wal_consistency_checking = ''")) {
            plain.start();
            try (Connection connection = plain.connect();
                    Statement sql = connection.createStatement()) {
                sql.execute("CREATE TABLE t AS SELECT generate_series(1, 1000)");
            }
            plain.stop();
            try (RedoOracle oracle =
                    new RedoOracle(
                            base, plain.wal(), directory, PostgresMajor::redo, RedoListener.NONE)) {
                RedoReport bare = oracle.redo(null);
                assertThat(bare.records()).isPositive();
                assertThat(bare.imagesBeside()).isZero();
                assertThat(bare.imagesChecked()).isZero();
                assertThat(oracle.compareWith(plain.data()).differences()).isEmpty();
                assertThatThrownBy(() -> oracle.compareWith(directory))
                        .isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void redoGoesOnAfterABlockThatCannotBeRedone() throws Exception {
        Redo17 right = new Redo17();
        int[] calls = new int[1];
        PageRedo failing =
                (Key key, byte[] page, Value change, Lsn end) -> {
                    calls[0]++;
                    if (calls[0] % 1000 == 0 && change instanceof Value.Wal) {
                        throw new RedoException("planted");
                    }
                    right.apply(key, page, change, end);
                };
        try (RedoOracle oracle = open(base, failing)) {
            RedoReport failed = oracle.redo(null);
            assertThat(failed.differenceCount()).isPositive().isLessThanOrEqualTo(calls[0] / 1000);
            assertThat(failed.differences()).allMatch(line -> line.endsWith(": planted"));
            assertThat(oracle.compareWith(primary.data()).differences())
                    .hasSizeLessThan(calls[0] / 1000);
        }
    }

    @Test
    void walThatIsDamagedOrCutIsNotTakenForItsEnd() throws Exception {
        Path wal = Files.createDirectory(directory.resolve("wal"));
        List<Path> segments = segments();
        for (Path segment : segments) {
            Files.createSymbolicLink(wal.resolve(segment.getFileName()), segment);
        }
        Path second = wal.resolve(segments.get(1).getFileName());
        Files.delete(second);
        assertThatThrownBy(() -> RedoOracle.run(base, wal, new Redo17()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is no segment " + second.getFileName())
                .hasMessageContaining(segments.get(2).getFileName().toString());
        byte[] bytes = Files.readAllBytes(segments.get(1));
        bytes[1_000_000] ^= 1;
        Files.write(second, bytes);
        assertThatThrownBy(() -> RedoOracle.run(base, wal, new Redo17()))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("the WAL is damaged or not complete: it ends at ");
        for (Path segment : segments.subList(2, segments.size())) {
            Files.delete(wal.resolve(segment.getFileName()));
        }
        Files.move(second, wal.resolve(second.getFileName() + ".partial"));
        RedoReport cut = RedoOracle.run(base, wal, new Redo17());
        assertThat(cut.differences()).isEmpty();
        assertThat(WalSegments.segmentOf(cut.end()))
                .isEqualTo(WalSegments.parseFileName(second.getFileName().toString()));
        try (RedoOracle oracle =
                new RedoOracle(base, wal, directory, PostgresMajor::redo, RedoListener.NONE)) {
            assertThatThrownBy(() -> oracle.redo(endOf(primary.data())))
                    .hasMessageContaining("the WAL ends at " + cut.end());
        }
    }

    private static List<Path> segments() throws IOException {
        try (Stream<Path> files = Files.list(primary.wal())) {
            return files.filter(file -> WalSegments.isFileName(file.getFileName().toString()))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void whatIsNoDataDirectoryIsRefused() throws Exception {
        Path empty = Files.createDirectory(directory.resolve("empty"));
        assertThatThrownBy(() -> RedoOracle.run(empty, empty, new Redo17()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("PG_VERSION");
        Files.writeString(empty.resolve("PG_VERSION"), "9.6\n", StandardCharsets.US_ASCII);
        assertThatThrownBy(() -> RedoOracle.run(empty, empty, new Redo17()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is of Postgres 9.6");
        assertThatThrownBy(() -> RedoOracle.run(base, empty, new Redo17()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is no segment ");
    }
}
