package dev.sluice.storage.basebackup;

import dev.sluice.walservice.wal.ThrowawayPostgres;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Work on a cluster from {@link NearWraparound} that takes transaction ids, multixacts and their
 * members round, and leaves every kind of state that lies outside of pages, in WAL that every kind
 * of record is in.
 */
final class WraparoundWorkload {
    private static final int LOCKED_ROWS = 300;
    private static final int LOCKERS = 5;
    private static final String LOCK_EACH =
            """
            DO $$ BEGIN
              FOR n IN 1..%d LOOP
                BEGIN
                  PERFORM FROM locked WHERE i = n FOR SHARE;
                EXCEPTION WHEN division_by_zero THEN NULL;
                END;
              END LOOP;
            END $$\
            """
                    .formatted(LOCKED_ROWS);

    private final ThrowawayPostgres postgres;

    WraparoundWorkload(ThrowawayPostgres postgres) {
        this.postgres = postgres;
    }

    void run() throws Exception {
        restart("track_commit_timestamp = on");
        tables();
        origins();
        prepareBeforeTheEpochEnds();
        execute("CALL burn(1600)", "CHECKPOINT");
        endPrepared();
        multixactsGoRound();
        databases();
        catalogs();
        freezeEverything();
        endOfSegment();
        restart("track_commit_timestamp = off", "wal_level = logical");
        execute("CALL burn(900)", "INSERT INTO plain SELECT generate_series(1, 50)");
        subtransactions("plain", 70);
        restart("track_commit_timestamp = on", "max_connections = 60", "wal_log_hints = on");
        execute("CALL burn(1000)", "CHECKPOINT", "CREATE INDEX ON plain (i)");
        marks();
        prepare("pending", "INSERT INTO plain VALUES (-1)", "DROP TABLE later");
        execute("DROP DATABASE by_copy", "CALL burn(100)");
    }

    private void restart(String... settings) throws IOException, InterruptedException {
        postgres.stop();
        Path configuration = postgres.data().resolve("postgresql.conf");
        Files.write(configuration, List.of(settings), StandardOpenOption.APPEND);
        postgres.start();
    }

    private void tables() throws SQLException {
        execute(
                """
                CREATE PROCEDURE burn(n int) LANGUAGE plpgsql AS $$
                BEGIN
                  FOR i IN 1..n LOOP
                    PERFORM pg_current_xact_id();
                    COMMIT;
                  END LOOP;
                END $$\
                """,
                "CREATE TABLE plain (i int)",
                "CREATE TABLE locked AS SELECT i FROM generate_series(1, " + LOCKED_ROWS + ") i",
                "CREATE UNLOGGED TABLE unlogged (i int PRIMARY KEY)",
                "INSERT INTO unlogged SELECT generate_series(1, 2000)",
                "CREATE TABLE cut AS SELECT i, repeat('x', 500) FROM generate_series(1, 2000) i",
                "VACUUM cut",
                "DELETE FROM cut WHERE i > 100",
                "VACUUM cut",
                "CREATE TABLE later (i serial)",
                "BEGIN",
                "CREATE TABLE never (i int)",
                "ROLLBACK");
        subtransactions("plain", 150);
    }

    private void subtransactions(String table, int count) throws SQLException {
        execute(
                """
                DO $$ BEGIN
                  FOR i IN 1..%d LOOP
                    BEGIN
                      INSERT INTO %s VALUES (i);
                      IF i %% 5 = 0 THEN RAISE EXCEPTION 'undone'; END IF;
                    EXCEPTION WHEN raise_exception THEN NULL;
                    END;
                  END LOOP;
                END $$\
                """
                        .formatted(count, table));
    }

    private void origins() throws SQLException {
        execute(
                "SELECT pg_replication_origin_create('o' || i) FROM generate_series(1, 4) i",
                "SELECT pg_replication_origin_session_setup('o1')",
                "BEGIN",
                "SAVEPOINT s",
                "INSERT INTO plain VALUES (1)",
                "SELECT pg_replication_origin_xact_setup('0/AAAA0001', '2020-01-01')",
                "COMMIT",
                "BEGIN",
                "INSERT INTO plain VALUES (2)",
                "SELECT pg_replication_origin_xact_setup('0/AAAA0002', '2020-01-02')",
                "ROLLBACK",
                "BEGIN",
                "INSERT INTO plain VALUES (3)",
                "SELECT pg_replication_origin_xact_setup('0/AAAA0003', '2020-01-03')",
                "PREPARE TRANSACTION 'replicated'",
                "SELECT pg_replication_origin_xact_setup('0/AAAA0004', '2020-01-04')",
                "COMMIT PREPARED 'replicated'",
                "SELECT pg_replication_origin_session_reset()",
                "SELECT pg_replication_origin_advance('o2', '0/FF')",
                "SELECT pg_replication_origin_advance('o3', '5/FF')",
                "SELECT pg_replication_origin_advance('o3', '1/FF')",
                "SELECT pg_replication_origin_drop('o2')",
                "SELECT pg_logical_emit_message(true, 'prefix', 'content')");
    }

    private void prepare(String name, String... statements) throws SQLException {
        List<String> all = new ArrayList<>(List.of("BEGIN"));
        all.addAll(List.of(statements));
        for (int i = 0; i < 80; i++) {
            all.addAll(List.of("SAVEPOINT s", "INSERT INTO plain VALUES (" + i + ")"));
            all.add(i % 7 == 0 ? "ROLLBACK TO s" : "RELEASE s");
        }
        all.add("PREPARE TRANSACTION '" + name + "'");
        execute(all.toArray(String[]::new));
    }

    private void prepareBeforeTheEpochEnds() throws SQLException {
        execute("CREATE TABLE dropped_by_prepared AS SELECT generate_series(1, 900) i");
        prepare("committed", "DROP TABLE dropped_by_prepared", "CREATE TABLE kept (i int)");
        prepare("aborted", "CREATE TABLE gone AS SELECT generate_series(1, 900) i");
        prepare("committed later");
    }

    private void endPrepared() throws SQLException {
        execute(
                "COMMIT PREPARED 'committed'",
                "ROLLBACK PREPARED 'aborted'",
                "CHECKPOINT",
                "COMMIT PREPARED 'committed later'");
    }

    /** Each locker but the first has a subtransaction for each row, so each row a multixact. */
    private void multixactsGoRound() throws SQLException {
        List<Connection> lockers = new ArrayList<>();
        try {
            for (int i = 0; i < LOCKERS; i++) {
                Connection locker = postgres.connect();
                lockers.add(locker);
                locker.setAutoCommit(false);
                try (Statement statement = locker.createStatement()) {
                    statement.execute(i == 0 ? "SELECT * FROM locked FOR SHARE" : LOCK_EACH);
                }
            }
            for (int i = 0; i < LOCKERS; i++) {
                if (i % 2 == 0) {
                    lockers.get(i).commit();
                } else {
                    lockers.get(i).rollback();
                }
            }
        } finally {
            for (Connection locker : lockers) {
                locker.close();
            }
        }
        execute("UPDATE locked SET i = -i WHERE i < 9");
    }

    private void databases() throws SQLException {
        execute(
                "CREATE DATABASE by_copy STRATEGY FILE_COPY",
                "CREATE DATABASE by_log STRATEGY WAL_LOG",
                "DROP DATABASE by_log");
    }

    private void catalogs() throws SQLException {
        execute(
                "VACUUM FULL pg_class",
                "VACUUM FULL pg_authid",
                "REINDEX TABLE pg_proc",
                "TRUNCATE cut",
                "ALTER TABLE unlogged SET LOGGED",
                "ALTER TABLE unlogged SET UNLOGGED",
                "CREATE ROLE somebody");
    }

    private void freezeEverything() throws SQLException {
        execute("UPDATE pg_database SET datallowconn = true");
        List<String> databases;
        try (Connection connection = postgres.connect()) {
            databases = Fingerprint.databases(connection);
        }
        for (String database : databases) {
            executeIn(database, "VACUUM FREEZE");
        }
    }

    /** Records that only mark a place, and full_page_writes, which hints are logged with. */
    private void marks() throws SQLException {
        execute(
                "SELECT pg_create_restore_point('here')",
                "SELECT pg_backup_start('backup', true)",
                "SELECT pg_backup_stop()",
                "ALTER SYSTEM SET full_page_writes = on",
                "SELECT pg_reload_conf()",
                "INSERT INTO plain SELECT generate_series(1, 1000)",
                "CHECKPOINT",
                "SELECT count(*) FROM plain");
    }

    /**
     * Ends a record so close to a segment's end that the next one goes over it, and exactly there.
     */
    private void endOfSegment() throws SQLException {
        fillSegment(64);
        execute("INSERT INTO plain VALUES (64)");
        fillSegment(0);
        execute("INSERT INTO plain VALUES (0)", "SELECT pg_switch_wal()");
    }

    private void fillSegment(int leave) throws SQLException {
        int page = WalSegments.PAGE_SIZE;
        try (Connection connection = postgres.connect()) {
            for (int left = left(connection); left > page; left = left(connection)) {
                message(connection, Math.min(left - page, 1 << 20) / 100 * 99 + page / 3);
            }
            message(connection, left(connection) - leave - 55);
        }
    }

    private static int left(Connection connection) throws SQLException {
        Lsn at = Lsn.parse(Fingerprint.value(connection, "SELECT pg_current_wal_insert_lsn()"));
        return WalSegments.SIZE - WalSegments.segmentOffset(at);
    }

    /** A record of 55 bytes and the content; page headers come on top where it crosses pages. */
    private static void message(Connection connection, int length) throws SQLException {
        Fingerprint.value(
                connection,
                "SELECT pg_logical_emit_message(false, '', repeat('x', " + length + "))");
    }

    private void execute(String... statements) throws SQLException {
        executeIn("postgres", statements);
    }

    private void executeIn(String database, String... statements) throws SQLException {
        try (Connection connection = Fingerprint.connect(postgres, database);
                Statement statement = connection.createStatement()) {
            for (String each : statements) {
                statement.execute(each);
            }
        }
    }
}
