package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.walservice.wal.ThrowawayPostgres;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.postgresql.PGConnection;

/** SQL that makes Postgres write every record type of the managers that redo knows. */
final class OracleWorkload {
    private final ThrowawayPostgres postgres;

    private OracleWorkload(ThrowawayPostgres postgres) {
        this.postgres = postgres;
    }

    static void run(ThrowawayPostgres postgres) throws Exception {
        OracleWorkload workload = new OracleWorkload(postgres);
        try (Connection connection = postgres.connect();
                Statement sql = connection.createStatement()) {
            each(sql, "CREATE EXTENSION IF NOT EXISTS pg_visibility");
            workload.heap(sql);
            workload.copy(connection);
            workload.locks(sql);
            workload.afterAborts(sql);
            workload.speculation(sql);
            workload.manyPositions(sql);
            workload.pruning(sql);
            workload.visibility(sql);
            workload.deduplication(sql);
            workload.indexDeletion(sql);
            workload.wideIndex(sql);
            workload.hash(sql);
            workload.largeHash(sql);
            workload.brin(sql);
            workload.bloom(sql);
            workload.hints(sql);
            workload.sequences(sql);
            workload.ddl(sql);
        }
        try (Connection connection = postgres.connect();
                Statement sql = connection.createStatement()) {
            each(sql, "VACUUM");
            each(sql, "SELECT count(*) FROM wide");
        }
    }

    private void heap(Statement sql) throws SQLException {
        each(sql, "CREATE TABLE plain (id int PRIMARY KEY, a int, b text, c text)");
        for (int i = 0; i < 150; i++) {
            each(sql, "INSERT INTO plain VALUES (" + i + ", 1, repeat('x', 100), NULL)");
        }
        each(sql, "INSERT INTO plain VALUES (1, 0) ON CONFLICT DO NOTHING");
        each(sql, "INSERT INTO plain VALUES (1000, 0) ON CONFLICT DO NOTHING");
        each(sql, "INSERT INTO plain VALUES (1000, 0) ON CONFLICT (id) DO UPDATE SET a = 9");
        each(sql, "UPDATE plain SET a = id WHERE id < 20");
        each(sql, "UPDATE plain SET b = b || 'tail', c = 'head' WHERE id % 3 = 0");
        each(sql, "UPDATE plain SET id = id + 5000 WHERE id % 7 = 0");
        each(sql, "UPDATE plain SET b = repeat('y', 1500) WHERE id < 40");
        each(sql, "DELETE FROM plain WHERE id % 11 = 0");
        each(sql, "BEGIN; UPDATE plain SET a = a + 1; SAVEPOINT s; DELETE FROM plain; ROLLBACK");
        each(
                sql,
                "CREATE TABLE part (k int, v text) PARTITION BY LIST (k);"
                        + "CREATE TABLE part1 PARTITION OF part FOR VALUES IN (1);"
                        + "CREATE TABLE part2 PARTITION OF part FOR VALUES IN (2);"
                        + "INSERT INTO part SELECT 1, g::text FROM generate_series(1, 20) g;"
                        + "UPDATE part SET k = 2 WHERE v < '15'");
        each(sql, "CREATE TABLE empty_rows (); INSERT INTO empty_rows DEFAULT VALUES");
        each(
                sql,
                "CREATE TABLE toasted (id int, v text);"
                        + "ALTER TABLE toasted ALTER v SET STORAGE EXTERNAL;"
                        + "INSERT INTO toasted SELECT g, repeat('z', 9000) FROM generate_series(1, 5) g;"
                        + "UPDATE toasted SET v = v || 'q'; DELETE FROM toasted WHERE id < 3");
    }

    private void copy(Connection connection) throws Exception {
        try (Statement sql = connection.createStatement()) {
            each(sql, "CREATE TABLE copied (id int, v text)");
        }
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < 600; i++) {
            rows.append(i).append('\t').append("v".repeat(i % 200)).append('\n');
        }
        PGConnection raw = connection.unwrap(PGConnection.class);
        raw.getCopyAPI().copyIn("COPY copied FROM STDIN", new StringReader(rows.toString()));
        raw.getCopyAPI().copyIn("COPY copied FROM STDIN", new StringReader("7\tseven\n8\teight\n"));
        try (Statement sql = connection.createStatement()) {
            each(sql, "BEGIN; CREATE TABLE frozen (id int, v text)");
            raw.getCopyAPI()
                    .copyIn("COPY frozen FROM STDIN (FREEZE)", new StringReader(rows.toString()));
            each(sql, "COMMIT");
            each(sql, "VACUUM frozen");
            each(sql, "DELETE FROM frozen WHERE id % 50 = 0; VACUUM frozen");
            raw.getCopyAPI().copyIn("COPY frozen FROM STDIN", new StringReader(rows.toString()));
        }
    }

    /** Row locks of every strength, alone and shared, and of rows that others are updating. */
    private void locks(Statement sql) throws Exception {
        each(sql, "CREATE TABLE locked (id int PRIMARY KEY, a int)");
        each(sql, "INSERT INTO locked SELECT g, 0 FROM generate_series(1, 40) g");
        each(sql, "VACUUM (FREEZE) locked");
        for (String strength : new String[] {"UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"}) {
            each(sql, "BEGIN; SELECT * FROM locked WHERE id < 10 FOR " + strength + "; COMMIT");
        }
        try (Connection other = postgres.connect();
                Statement second = other.createStatement()) {
            each(sql, "BEGIN; SELECT * FROM locked WHERE id < 5 FOR SHARE");
            each(second, "BEGIN; SELECT * FROM locked WHERE id < 8 FOR KEY SHARE");
            each(sql, "COMMIT");
            each(second, "COMMIT");
            each(sql, "VACUUM (FREEZE) locked");
            each(second, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM locked");
            each(sql, "BEGIN; UPDATE locked SET a = a + 1 WHERE id BETWEEN 20 AND 25");
            each(second, "SELECT * FROM locked WHERE id = 20 FOR KEY SHARE");
            each(sql, "COMMIT");
            each(second, "COMMIT");
            each(sql, "BEGIN; UPDATE locked SET a = a + 1 WHERE id = 30");
            each(sql, "SAVEPOINT s; UPDATE locked SET a = a + 1 WHERE id = 30");
            each(second, "BEGIN; SELECT * FROM locked WHERE id = 30 FOR KEY SHARE");
            each(sql, "ROLLBACK TO s; UPDATE locked SET a = a + 2 WHERE id = 30; COMMIT");
            each(second, "COMMIT");
        }
        each(sql, "VACUUM (FREEZE) locked");
    }

    /** Rows that an aborted HOT update leaves pointing at a successor, then locked or changed. */
    private void afterAborts(Statement sql) throws SQLException {
        each(sql, "CREATE TABLE undone (id int PRIMARY KEY, a int, pad text)");
        each(sql, "INSERT INTO undone SELECT g, 0, 'p' FROM generate_series(1, 60) g");
        each(sql, "BEGIN; UPDATE undone SET a = 1; ROLLBACK");
        each(sql, "BEGIN; SELECT * FROM undone WHERE id < 10 FOR UPDATE; COMMIT");
        each(sql, "BEGIN; SELECT * FROM undone WHERE id < 20 FOR KEY SHARE; COMMIT");
        each(sql, "DELETE FROM undone WHERE id BETWEEN 20 AND 30");
        each(sql, "UPDATE undone SET id = id + 1000 WHERE id BETWEEN 31 AND 40");
        each(sql, "BEGIN; DELETE FROM undone WHERE id BETWEEN 41 AND 50; ROLLBACK");
        each(sql, "UPDATE undone SET a = 2 WHERE id BETWEEN 41 AND 50");
        each(sql, "VACUUM (FREEZE) undone");
        each(sql, "BEGIN; UPDATE undone SET a = 3 WHERE id > 40; ROLLBACK; VACUUM undone");
    }

    /**
     * An insertion that finds, after it has put its row down, that another was faster: it takes the
     * row back. The index's expression waits for the other when it is computed the second time.
     */
    private void speculation(Statement sql) throws Exception {
        each(sql, "CREATE TABLE raced (key text, data text); CREATE SEQUENCE computed");
        each(sql, "ALTER TABLE raced ALTER data SET STORAGE EXTERNAL");
        sql.execute(
                """
                CREATE FUNCTION second_time_wait(key text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
                BEGIN
                    IF current_setting('race.slow', true) = 'on' AND nextval('computed') % 2 = 0 THEN
                        PERFORM pg_advisory_xact_lock(1);
                    END IF;
                    RETURN key;
                END $$\
                """);
        each(sql, "CREATE UNIQUE INDEX raced_key ON raced (second_time_wait(key))");
        race(sql, "'short'", "'data'");
        race(sql, "'toasted'", "repeat('t', 9000)");
    }

    private void race(Statement fast, String key, String data) throws Exception {
        String insert = "INSERT INTO raced VALUES (" + key + ", " + data + ")";
        try (Connection other = postgres.connect();
                Statement slow = other.createStatement();
                ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            each(fast, "ALTER SEQUENCE computed RESTART; SELECT pg_advisory_lock(1)");
            each(slow, "SET race.slow = on");
            Future<Boolean> slowly =
                    executor.submit(() -> slow.execute(insert + " ON CONFLICT DO NOTHING"));
            fast.execute(
                    """
                    DO $$ BEGIN
                        FOR attempt IN 1..3000 LOOP
                            IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted) THEN
                                RETURN;
                            END IF;
                            PERFORM pg_sleep(0.01);
                        END LOOP;
                        RAISE 'nobody waits';
                    END $$\
                    """);
            each(fast, insert + "; SELECT pg_advisory_unlock(1)");
            slowly.get();
        }
    }

    /** Rows so small that their line pointers' numbers need two bytes. */
    private void manyPositions(Statement sql) throws SQLException {
        each(sql, "CREATE TABLE tiny (); CREATE INDEX tiny_key ON tiny ((7))");
        each(sql, "CREATE INDEX tiny_hash ON tiny USING hash ((7))");
        each(sql, "INSERT INTO tiny SELECT FROM generate_series(1, 2000) g");
        each(sql, "DELETE FROM tiny WHERE (ctid::text::point)[1]::int % 3 = 0; VACUUM tiny");
        each(sql, "INSERT INTO tiny SELECT FROM generate_series(1, 900) g");
        each(sql, "DELETE FROM tiny WHERE (ctid::text::point)[1]::int > 255; VACUUM (FREEZE) tiny");
        each(sql, "INSERT INTO tiny SELECT FROM generate_series(1, 900) g");
    }

    private void pruning(Statement sql) throws SQLException {
        each(sql, "CREATE TABLE hot (id int PRIMARY KEY, n int, pad text) WITH (fillfactor = 50)");
        each(sql, "INSERT INTO hot SELECT g, 0, repeat('p', 50) FROM generate_series(1, 60) g");
        for (int round = 0; round < 12; round++) {
            each(sql, "UPDATE hot SET n = n + 1");
        }
        each(sql, "DELETE FROM hot WHERE id % 4 = 0");
        each(sql, "VACUUM hot");
        each(sql, "INSERT INTO hot SELECT g, 0, 'again' FROM generate_series(100, 160) g");
        each(sql, "DELETE FROM hot WHERE id > 20");
        each(sql, "VACUUM (FREEZE, TRUNCATE) hot");
        each(sql, "INSERT INTO hot SELECT g, 0, 'more' FROM generate_series(200, 260) g");
        each(sql, "CREATE TABLE unindexed (n int); INSERT INTO unindexed VALUES (1), (2), (3)");
        each(sql, "DELETE FROM unindexed WHERE n < 3; VACUUM unindexed");
    }

    private void visibility(Statement sql) throws SQLException {
        each(sql, "CREATE TABLE seen (id int, v text)");
        each(sql, "INSERT INTO seen SELECT g, repeat('s', 300) FROM generate_series(1, 400) g");
        each(sql, "VACUUM seen");
        each(sql, "INSERT INTO seen VALUES (0, 'new')");
        each(sql, "DELETE FROM seen WHERE id = 50");
        each(sql, "UPDATE seen SET v = repeat('t', 900) WHERE id IN (100, 101, 102)");
        each(sql, "VACUUM (FREEZE) seen");
        each(sql, "BEGIN; SELECT * FROM seen WHERE id = 200 FOR UPDATE; COMMIT");
        each(sql, "UPDATE seen SET v = 'short' WHERE id = 300");
        each(sql, "VACUUM seen");
        each(sql, "SELECT pg_truncate_visibility_map('seen')");
        each(sql, "INSERT INTO seen VALUES (0, 'after the map was truncated')");
        each(sql, "DELETE FROM seen WHERE id = 330");
        each(sql, "VACUUM (FREEZE) seen");
        each(sql, "DELETE FROM seen WHERE id > 200");
        each(sql, "VACUUM seen");
        each(sql, "INSERT INTO seen SELECT g, repeat('u', 300) FROM generate_series(1, 200) g");
    }

    private void deduplication(Statement sql) throws SQLException {
        each(sql, "CREATE TABLE dups (k int, j int)");
        each(sql, "CREATE INDEX dups_k ON dups (k) WITH (deduplicate_items = on)");
        each(sql, "INSERT INTO dups SELECT g % 3, g FROM generate_series(1, 3000) g");
        each(sql, "DELETE FROM dups WHERE j % 5 = 0");
        each(sql, "VACUUM dups");
        each(sql, "INSERT INTO dups SELECT g % 3, g FROM generate_series(1, 900) g");
        each(sql, "DELETE FROM dups WHERE k = 1 AND j % 2 = 0");
        each(sql, "VACUUM dups");
        each(sql, "INSERT INTO dups SELECT 2, g FROM generate_series(1, 700) g");
        each(sql, "INSERT INTO dups SELECT 1, g FROM generate_series(1, 700) g");
    }

    /** Entries that index scans or version churn find dead are deleted when a page is full. */
    private void indexDeletion(Statement sql) throws SQLException {
        each(sql, "CREATE TABLE churn (id int PRIMARY KEY, a int, b int)");
        each(sql, "CREATE INDEX churn_a ON churn (a)");
        each(sql, "CREATE INDEX churn_b ON churn (b)");
        each(sql, "INSERT INTO churn SELECT g, g, g FROM generate_series(1, 250) g");
        for (int round = 0; round < 15; round++) {
            each(sql, "UPDATE churn SET b = b + 1000");
        }
        each(sql, "CREATE TABLE killed (id int PRIMARY KEY, v int)");
        each(sql, "INSERT INTO killed SELECT g, 0 FROM generate_series(1, 380) g");
        each(sql, "DELETE FROM killed WHERE id % 2 = 0");
        each(sql, "SET enable_seqscan = off; SET enable_bitmapscan = off");
        each(sql, "SELECT count(v) FROM killed WHERE id > 0");
        each(sql, "SELECT count(v) FROM killed WHERE id > 0");
        each(sql, "RESET enable_seqscan; RESET enable_bitmapscan");
        each(sql, "INSERT INTO killed SELECT g, 0 FROM generate_series(1000, 1100) g");
    }

    /** Keys so wide that few fit a page: splits at every level, then whole subtrees deleted. */
    private void wideIndex(Statement sql) throws SQLException {
        each(sql, "CREATE TABLE wide (k text)");
        each(sql, "ALTER TABLE wide ALTER k SET STORAGE PLAIN");
        each(sql, "CREATE INDEX wide_k ON wide (k)");
        String key = "lpad(g::text, 10, '0') || repeat('k', 1500)";
        each(sql, "INSERT INTO wide SELECT " + key + " FROM generate_series(1, 150) g");
        each(sql, "INSERT INTO wide SELECT " + key + " FROM generate_series(300, 151, -1) g");
        each(sql, "DELETE FROM wide WHERE k BETWEEN lpad('50', 10, '0') AND lpad('250', 10, '0')");
        each(sql, "VACUUM wide");
        each(sql, "VACUUM wide");
        each(sql, "DELETE FROM wide WHERE k < lpad('299', 10, '0')");
        each(sql, "VACUUM wide");
        each(sql, "VACUUM wide");
        each(sql, "INSERT INTO wide SELECT " + key + " FROM generate_series(301, 340) g");
        each(sql, "INSERT INTO wide SELECT " + key + " FROM generate_series(1, 40) g");
    }

    private void hash(Statement sql) throws SQLException {
        each(sql, "CREATE TABLE hashed (k int, v int)");
        each(sql, "CREATE INDEX hashed_k ON hashed USING hash (k)");
        each(sql, "INSERT INTO hashed SELECT g, g FROM generate_series(1, 2500) g");
        each(sql, "INSERT INTO hashed SELECT 7, g FROM generate_series(1, 1500) g");
        each(sql, "INSERT INTO hashed SELECT 8, g FROM generate_series(1, 1500) g");
        each(sql, "DELETE FROM hashed WHERE k = 7 AND v % 5 <> 0");
        each(sql, "VACUUM hashed");
        each(sql, "DELETE FROM hashed WHERE v % 3 = 0");
        each(sql, "VACUUM hashed");
        each(sql, "DELETE FROM hashed WHERE k = 8 AND v < 1450");
        each(sql, "VACUUM hashed");
        each(sql, "INSERT INTO hashed SELECT 9, g FROM generate_series(1, 400) g");
        each(sql, "DELETE FROM hashed WHERE k = 9");
        each(sql, "SET enable_seqscan = off; SET enable_bitmapscan = off");
        each(sql, "SELECT count(v) FROM hashed WHERE k = 9");
        each(sql, "SELECT count(v) FROM hashed WHERE k = 9");
        each(sql, "RESET enable_seqscan; RESET enable_bitmapscan");
        each(sql, "INSERT INTO hashed SELECT 9, g FROM generate_series(1, 900) g");
        each(sql, "INSERT INTO hashed SELECT g, g FROM generate_series(3000, 4000) g");
        each(sql, "CREATE INDEX hashed_v ON hashed USING hash (v)");
    }

    /**
     * Indexes that are built with many buckets, as planned for more rows than there are; and dead
     * entries that a scan marks before vacuum comes.
     */
    private void largeHash(Statement sql) throws SQLException {
        each(
                sql,
                "CREATE TABLE counted (k int); INSERT INTO counted SELECT generate_series(1, 400)");
        each(sql, "ANALYZE counted");
        for (int rows : new int[] {150_000, 200_000, 260_000, 350_000}) {
            each(sql, "UPDATE pg_class SET reltuples = " + rows + " WHERE relname = 'counted'");
            each(sql, "CREATE INDEX counted_" + rows + " ON counted USING hash (k)");
            each(sql, "DROP INDEX counted_" + rows);
        }
        each(sql, "CREATE INDEX counted_k ON counted USING hash (k) WITH (fillfactor = 100)");
        each(sql, "DELETE FROM counted WHERE k % 2 = 0");
        each(sql, "SET enable_seqscan = off; SET enable_bitmapscan = off");
        for (int k = 2; k < 40; k += 2) {
            each(sql, "SELECT * FROM counted WHERE k = " + k);
        }
        each(sql, "RESET enable_seqscan; RESET enable_bitmapscan; VACUUM counted");
    }

    private void brin(Statement sql) throws SQLException {
        each(sql, "CREATE TABLE ranged (k int, v text) WITH (fillfactor = 10)");
        each(sql, "ALTER TABLE ranged ALTER v SET STORAGE PLAIN");
        each(sql, "CREATE INDEX ranged_v ON ranged USING brin (v) WITH (pages_per_range = 1)");
        each(sql, "INSERT INTO ranged SELECT g, repeat('m', 150) FROM generate_series(1, 400) g");
        each(sql, "SELECT brin_summarize_new_values('ranged_v')");
        each(sql, "UPDATE ranged SET v = 'n' WHERE k % 9 = 0");
        each(sql, "UPDATE ranged SET v = chr(97 + k % 26) || repeat('x', 500) WHERE k % 10 = 0");
        each(sql, "SELECT brin_desummarize_range('ranged_v', 3)");
        each(sql, "SELECT brin_summarize_range('ranged_v', 3)");
        each(sql, "VACUUM ranged");
    }

    /** An extension that logs with Generic WAL. */
    private void bloom(Statement sql) throws SQLException {
        each(sql, "CREATE EXTENSION bloom");
        each(sql, "CREATE TABLE blooming (a int, b int)");
        each(sql, "CREATE INDEX blooming_ab ON blooming USING bloom (a, b)");
        each(sql, "INSERT INTO blooming SELECT g, g FROM generate_series(1, 900) g");
        each(sql, "DELETE FROM blooming WHERE a % 2 = 0");
        each(sql, "VACUUM blooming");
        each(sql, "INSERT INTO blooming SELECT g, g FROM generate_series(1, 300) g");
    }

    /** Pages that nothing but hints changes after a checkpoint. */
    private void hints(Statement sql) throws SQLException {
        each(sql, "CREATE TABLE hinted (id int PRIMARY KEY, v text)");
        each(sql, "INSERT INTO hinted SELECT g, repeat('h', 200) FROM generate_series(1, 500) g");
        each(sql, "DELETE FROM hinted WHERE id % 5 = 0; CHECKPOINT");
        each(sql, "SELECT count(*) FROM hinted WHERE v > ''");
    }

    private void sequences(Statement sql) throws SQLException {
        each(sql, "CREATE SEQUENCE s");
        each(sql, "SELECT nextval('s') FROM generate_series(1, 100)");
        each(sql, "SELECT setval('s', 500); ALTER SEQUENCE s RESTART; SELECT nextval('s')");
        each(sql, "CREATE TABLE serials (id serial, v int); INSERT INTO serials (v) VALUES (1)");
    }

    private void ddl(Statement sql) throws SQLException {
        each(sql, "CREATE UNLOGGED TABLE fleeting (id int PRIMARY KEY)");
        each(sql, "INSERT INTO fleeting VALUES (1)");
        each(sql, "CLUSTER plain USING plain_pkey");
        each(sql, "VACUUM FULL copied");
        each(sql, "ALTER TABLE plain ADD COLUMN d int DEFAULT 5");
        each(sql, "TRUNCATE unindexed; INSERT INTO unindexed VALUES (9)");
        each(sql, "REINDEX TABLE churn");
        each(sql, "CREATE DATABASE copy_by_wal STRATEGY wal_log");
        each(sql, "DROP TABLE dups");
    }

    /** Runs statements, separated by semicolons, one by one: VACUUM must be alone. */
    private static void each(Statement sql, String statements) throws SQLException {
        for (String statement : statements.split(";", -1)) {
            sql.execute(statement);
        }
    }
}
