package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.walservice.wal.ThrowawayPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** SQL that makes Postgres write every record type of the index managers other than B-tree. */
final class IndexWorkload {
    private static final String WIDE_KEY =
            "(SELECT string_agg(md5(g::text || i::text), '') FROM generate_series(1, 25) i)";

    private final Statement sql;
    private final String between;

    private IndexWorkload(Statement sql, String between) {
        this.sql = sql;
        this.between = between;
    }

    /** The workload, with a checkpoint before each step: pages' next changes log their images. */
    static void runBetweenCheckpoints(ThrowawayPostgres postgres) throws SQLException {
        run(postgres, "CHECKPOINT");
    }

    static void run(ThrowawayPostgres postgres) throws SQLException {
        run(postgres, "SELECT 1");
    }

    private static void run(ThrowawayPostgres postgres, String between) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement sql = connection.createStatement()) {
            sql.execute("CREATE EXTENSION bloom");
            sql.execute("CREATE EXTENSION btree_gist");
            IndexWorkload workload = new IndexWorkload(sql, between);
            workload.generic();
            workload.brin();
            workload.gistLeaf();
            workload.gistTree();
            workload.spgistText();
            workload.spgistInner();
            workload.spgistSplits();
            workload.spgistDeadChains();
            workload.spgistPoints();
            workload.ginEntries();
            workload.ginPending();
            workload.ginPostingTree();
            workload.ginPostingTreeMiddle();
        }
        try (Connection connection = postgres.connect();
                Statement sql = connection.createStatement()) {
            sql.execute("VACUUM");
        }
    }

    private void generic() throws SQLException {
        each("CREATE TABLE signed (a int, b int)");
        each("INSERT INTO signed SELECT g, g % 7 FROM generate_series(1, 200) g");
        each("CREATE INDEX signed_bloom ON signed USING bloom (a, b)");
        each("INSERT INTO signed SELECT g, g % 7 FROM generate_series(1, 900) g");
        each("DELETE FROM signed WHERE b = 3 OR a < 100; VACUUM signed");
        each("INSERT INTO signed SELECT g, g % 7 FROM generate_series(1, 200) g");
    }

    /** One row to a page and a range to a page: the range map outgrows its first page. */
    private void brin() throws SQLException {
        each("CREATE TABLE ranges (id int, v text, pad text)");
        each("ALTER TABLE ranges ALTER pad SET STORAGE PLAIN, ALTER v SET STORAGE PLAIN");
        each("CREATE INDEX ranges_id ON ranges USING brin (id) WITH (pages_per_range = 1)");
        each("CREATE INDEX ranges_v ON ranges USING brin (v) WITH (pages_per_range = 2)");
        String row = "g, repeat('v', 1 + g % 40), repeat('p', 4500)";
        each("INSERT INTO ranges SELECT " + row + " FROM generate_series(1, 60) g");
        each("VACUUM ranges");
        each("INSERT INTO ranges SELECT g, 'a', 'small' FROM generate_series(100, 260) g");
        each(
                "INSERT INTO ranges"
                        + " SELECT g, repeat('z', g * 15), 'small' FROM generate_series(1, 60) g");
        each("UPDATE ranges SET v = repeat('zz', 300) WHERE id % 7 = 0");
        each("SELECT brin_desummarize_range('ranges_id', 5)");
        each("SELECT brin_desummarize_range('ranges_v', 20)");
        each("SELECT brin_summarize_range('ranges_id', 5)");
        each("INSERT INTO ranges SELECT " + row + " FROM generate_series(1, 1400) g");
        each("VACUUM ranges");
        each("CREATE INDEX ranges_built ON ranges USING brin (id, v) WITH (pages_per_range = 4)");
        each("REINDEX INDEX ranges_id");
    }

    /** Entries that an index scan finds dead are deleted when their page is full. */
    private void gistLeaf() throws SQLException {
        each("CREATE TABLE killed_points (id int, p point)");
        each("CREATE INDEX killed_points_p ON killed_points USING gist (p)");
        each("INSERT INTO killed_points SELECT g, point(g, g) FROM generate_series(1, 500) g");
        each("DELETE FROM killed_points WHERE id % 2 = 0");
        each("SET enable_seqscan = off; SET enable_bitmapscan = off");
        for (int scan = 0; scan < 3; scan++) {
            each("SELECT count(id) FROM killed_points WHERE p <@ box '((0,0),(900,900))'");
        }
        each("RESET enable_seqscan; RESET enable_bitmapscan");
        each(
                "INSERT INTO killed_points SELECT g, point(g % 500, g % 500) FROM generate_series(1, 600) g");
    }

    private void gistTree() throws SQLException {
        each("CREATE TABLE boxes (id int, b box, t text)");
        each("CREATE INDEX boxes_b ON boxes USING gist (b)");
        each("CREATE INDEX boxes_t ON boxes USING gist (t)");
        String row = "g, box(point(g % 50, g / 50), point(g % 50 + 1, g / 50 + 1)), ";
        each(
                "INSERT INTO boxes SELECT "
                        + row
                        + "lpad(g::text, 5, '0') || repeat('t', 300) FROM generate_series(1, 1500) g");
        each("UPDATE boxes SET b = box(point(0, 0), point(100, 100)) WHERE id % 50 = 0");
        each("DELETE FROM boxes WHERE id BETWEEN 200 AND 1200");
        each("VACUUM boxes; SELECT txid_current(); VACUUM boxes");
        each(
                "INSERT INTO boxes SELECT "
                        + row
                        + "lpad(g::text, 5, '0') || repeat('u', 400) FROM generate_series(100, 900) g");
        each("CREATE TABLE wide_texts (id int, t text)");
        each("CREATE INDEX wide_texts_t ON wide_texts USING gist (t)");
        each("INSERT INTO wide_texts SELECT g, " + WIDE_KEY + " FROM generate_series(1, 200) g");
        each("CREATE INDEX boxes_built ON boxes USING gist (b) WITH (buffering = on)");
    }

    private void spgistText() throws SQLException {
        each("CREATE TABLE words (id int, w text)");
        each("CREATE INDEX words_w ON words USING spgist (w)");
        each("INSERT INTO words SELECT g, 'w' || g FROM generate_series(1, 20) g");
        each("DELETE FROM words WHERE id % 3 = 0; VACUUM words");
        each(
                "INSERT INTO words SELECT g, repeat('common', 20) || md5(g::text)"
                        + " FROM generate_series(1, 300) g");
        each("INSERT INTO words SELECT g, repeat('common', 20) FROM generate_series(1, 200) g");
        each(
                "INSERT INTO words SELECT g, repeat('comm', g % 9) || g FROM generate_series(1, 300) g");
        each(
                "INSERT INTO words SELECT g, chr(33 + g % 90) || chr(33 + g % 89) || md5(g::text)"
                        + " FROM generate_series(1, 2500) g");
        each(
                "INSERT INTO words SELECT g, chr(200 + g % 800) || repeat(chr(65 + g % 20), 60)"
                        + " FROM generate_series(1, 2000) g");
        each("INSERT INTO words SELECT g, NULL FROM generate_series(1, 900) g");
        each("DELETE FROM words WHERE id % 2 = 0; VACUUM words");
        each("SELECT txid_current(); VACUUM words");
        each("INSERT INTO words SELECT g, md5(g::text) FROM generate_series(1, 700) g");
        each("DELETE FROM words WHERE id % 5 = 1; VACUUM words");
        each("SELECT txid_current(); VACUUM words");
    }

    /**
     * Inner tuples that get node after node until they must move to other pages, and a root whose
     * prefix is split.
     */
    private void spgistInner() throws SQLException {
        each("CREATE TABLE prefixed (id int, w text)");
        each("CREATE INDEX prefixed_w ON prefixed USING spgist (w)");
        String suffix = "repeat(md5((a * 1000 + b)::text), 8)";
        each(
                "INSERT INTO prefixed SELECT a, repeat('q', 50) || chr(48 + a) || chr(48 + b) || "
                        + suffix
                        + " FROM generate_series(1, 60) b, generate_series(1, 60) a");
        each(
                "INSERT INTO prefixed SELECT a, repeat('q', 50) || chr(48 + a) || chr(500 + b) || "
                        + suffix
                        + " FROM generate_series(1, 40) b, generate_series(1, 60) a");
        each("INSERT INTO prefixed VALUES (0, 'elsewhere'), (0, repeat('q', 20))");
    }

    /**
     * Inner tuples whose prefix is split in two on one page, the lower of which then gets nodes
     * until it must leave; and values longer than a page.
     */
    private void spgistSplits() throws SQLException {
        each("CREATE TABLE split_prefixes (id int, w text)");
        each("CREATE INDEX split_prefixes_w ON split_prefixes USING spgist (w)");
        String prefix = "chr(65 + a) || repeat('r', 60) || ";
        each(
                "INSERT INTO split_prefixes SELECT a, "
                        + prefix
                        + "chr(48 + b) || repeat(md5((a * 100 + b)::text), 20)"
                        + " FROM generate_series(1, 30) b, generate_series(1, 40) a");
        each(
                "INSERT INTO split_prefixes SELECT a, chr(65 + a) || repeat('r', 30) || '-'"
                        + " FROM generate_series(1, 40) a");
        each(
                "INSERT INTO split_prefixes SELECT a, "
                        + prefix
                        + "chr(300 + b) FROM generate_series(1, 90) b, generate_series(1, 40) a");
        each("INSERT INTO split_prefixes VALUES (0, repeat('X', 20000)), (0, repeat('Y', 9000))");
    }

    /** Leaf pages where a chain died, filled up by others before it gets a tuple again. */
    private void spgistDeadChains() throws SQLException {
        each("CREATE TABLE chains (id int, round int, w text)");
        each("CREATE INDEX chains_w ON chains USING spgist (w)");
        String word = ", chr(500 + g) || repeat(md5(g::text), 9) FROM generate_series(1, 200) g";
        each("INSERT INTO chains SELECT g, 0" + word);
        each("DELETE FROM chains WHERE id % 2 = 1; VACUUM chains");
        for (int round = 1; round < 4; round++) {
            each("INSERT INTO chains SELECT g, " + round + word + " WHERE g % 2 = 0");
        }
        each("INSERT INTO chains SELECT g, 9" + word + " WHERE g % 2 = 1");
    }

    private void spgistPoints() throws SQLException {
        each("CREATE TABLE spots (id int, p point)");
        each("CREATE INDEX spots_quad ON spots USING spgist (p)");
        each("CREATE INDEX spots_kd ON spots USING spgist (p kd_point_ops)");
        String row = "g, point(g * 7919 % 1000, g * 104729 % 1000)";
        each("INSERT INTO spots SELECT " + row + " FROM generate_series(1, 2000) g");
        each("INSERT INTO spots SELECT g, point(1, 1) FROM generate_series(1, 400) g");
        each("DELETE FROM spots WHERE id BETWEEN 300 AND 900; VACUUM spots");
        each("SELECT txid_current(); VACUUM spots");
        each("INSERT INTO spots SELECT " + row + " FROM generate_series(2000, 2600) g");
        each("DELETE FROM spots; VACUUM spots; SELECT txid_current(); VACUUM spots");
    }

    /** Keys so wide that few fit a page: the entry tree splits at every level. */
    private void ginEntries() throws SQLException {
        each("CREATE TABLE tagged (id int, tags text[])");
        each("CREATE INDEX tagged_tags ON tagged USING gin (tags) WITH (fastupdate = off)");
        each(
                "INSERT INTO tagged SELECT g, ARRAY["
                        + WIDE_KEY
                        + ", 'tag' || g % 10] FROM generate_series(1, 150) g");
        each("INSERT INTO tagged SELECT g, ARRAY['t' || g] FROM generate_series(1, 700) g");
        each("INSERT INTO tagged VALUES (0, '{}'), (0, NULL), (0, ARRAY[NULL])");
        each("DELETE FROM tagged WHERE id % 3 = 0; VACUUM tagged");
        each("INSERT INTO tagged SELECT g, ARRAY['t' || g] FROM generate_series(1, 100) g");
    }

    private void ginPending() throws SQLException {
        each("CREATE TABLE pending (id int, n int[])");
        each(
                "CREATE INDEX pending_n ON pending USING gin (n)"
                        + " WITH (fastupdate = on, gin_pending_list_limit = 64)");
        String many = "(SELECT array_agg(i * 3 + g) FROM generate_series(1, 700) i)";
        for (int round = 0; round < 3; round++) {
            each("INSERT INTO pending SELECT g, ARRAY[g, g % 5] FROM generate_series(1, 300) g");
            each("INSERT INTO pending SELECT g, " + many + " FROM generate_series(1, 10) g");
            each("SELECT gin_clean_pending_list('pending_n')");
        }
        each("DELETE FROM pending WHERE id % 2 = 0; VACUUM pending");
    }

    /** Few keys in many rows: posting trees, changed in the middle and emptied. */
    private void ginPostingTree() throws SQLException {
        each("CREATE TABLE common (id int)");
        each("COPY common FROM PROGRAM 'seq 1 45000'");
        each(
                "CREATE INDEX common_key ON common USING gin ((ARRAY[id % 2, 7])) "
                        + "WITH (fastupdate = off)");
        each("DELETE FROM common WHERE id % 2 = 1 AND id < 9000; VACUUM common");
        each("INSERT INTO common SELECT g * 2 FROM generate_series(100000, 104000) g");
        each("ALTER INDEX common_key SET (fastupdate = on)");
        each("INSERT INTO common SELECT g FROM generate_series(300000, 303000) g");
        each("SELECT gin_clean_pending_list('common_key')");
        each("DELETE FROM common WHERE id BETWEEN 12000 AND 42000; VACUUM common");
        each("SELECT txid_current(); VACUUM common");
        each("CREATE TABLE few (id int)");
        each("CREATE INDEX few_key ON few USING gin ((ARRAY[7])) WITH (fastupdate = off)");
        each("INSERT INTO few SELECT g FROM generate_series(1, 3000) g");
        each("DELETE FROM few WHERE id % 2 = 0; VACUUM few");
    }

    /** Heap positions that come in between others: posting tree pages split in the middle. */
    private void ginPostingTreeMiddle() throws SQLException {
        each("CREATE TABLE between (id int, key int)");
        each("INSERT INTO between SELECT g, g % 4 FROM generate_series(1, 40000) g");
        each(
                "CREATE INDEX between_key ON between USING gin ((ARRAY[key])) WITH (fastupdate = off)");
        each("DELETE FROM between WHERE key > 0 AND id BETWEEN 10000 AND 30000; VACUUM between");
        each("INSERT INTO between SELECT g, 0 FROM generate_series(1, 15000) g");
    }

    /** Runs statements, separated by semicolons, one by one: VACUUM must be alone. */
    private void each(String statements) throws SQLException {
        for (String statement : statements.split(";", -1)) {
            sql.execute(between);
            sql.execute(statement);
        }
    }
}
