package dev.sluice.compute.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** The shim under a real Postgres whose relation files are elsewhere. */
@ParameterizedClass
@ValueSource(ints = {17, 18})
class ShimPagesTest {
    @Parameter int major;

    private SourceCluster source;

    @BeforeEach
    void source() throws Exception {
        source = SourceCluster.of(major);
    }

    @Test
    void everythingIsThere() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            assertThat(compute.existsLocally("base/5/2600")).isFalse();
            assertThat(Checks.checksums(sql)).isEqualTo(source.checksums());
            assertThat(Checks.text(sql, "select nextval('counted')")).isEqualTo("4712");
            assertThat(Checks.text(sql, "select count(*) from words where tags @> array[3, 6]"))
                    .isEqualTo("571");
            assertThat(Checks.text(sql, "select id from words where word = md5('4711')"))
                    .isEqualTo("4711");
            ShimServer.Statistics done = compute.server().statistics();
            assertThat(done.failedReads()).isZero();
            assertThat(done.reads()).isPositive();
            assertThat(compute.file().residence().localBlocks()).isGreaterThan(done.reads());
        }
    }

    @Test
    void sizesNeedNoPages() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            long database =
                    Long.parseLong(
                            Checks.text(
                                    sql, "select oid from pg_database where datname = 'other'"));
            long listed =
                    source.relations().stream()
                            .filter(fork -> fork.relation().database() == database)
                            .mapToLong(fork -> fork.blocks() * (long) ShimServer.BLOCK_BYTES)
                            .sum();
            long pagesBefore = compute.server().statistics().pages();
            long size = Long.parseLong(Checks.text(sql, "select pg_database_size('other')"));
            assertThat(size).isBetween(listed, listed + (1 << 20));
            assertThat(compute.server().statistics().pages() - pagesBefore).isLessThan(100);
            assertThat(Checks.text(sql, "select pg_relation_size('big') / 8192"))
                    .isEqualTo(Integer.toString(ShimFile.SEGMENT_BLOCKS + 3));
        }
    }

    @Test
    void relationsOverOneGibibyte() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            String tail = "select count(*), sum(id) from big where ctid >= '(131060,0)'::tid";
            assertThat(Checks.text(sql, tail)).isEqualTo("300");
            assertThat(Checks.text(sql, "select note from big where ctid = '(131073,7)'::tid"))
                    .isEqualTo("note 7");
            Checks.run(
                    sql,
                    "insert into big select i, repeat('y', 1000) from generate_series(1, 500) i",
                    "checkpoint");
            assertThat(
                            Checks.text(
                                    sql,
                                    "select count(*) from big where ctid >= '(131060,0)'::tid and note like 'y%'"))
                    .isNotEqualTo("0");
            String path = Checks.text(sql, "select pg_relation_filepath('big')");
            Checks.run(sql, "drop table big", "checkpoint");
            assertThat(compute.existsLocally(path)).isFalse();
            assertThat(compute.existsLocally(path + ".1")).isFalse();
            assertThat(Checks.text(sql, "select pg_stat_file('" + path + ".1', true)"))
                    .isEqualTo("null");
        }
    }

    @Test
    void databasesAreCopiedAndDropped() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            String kept;
            List<String> copies = new ArrayList<>(List.of("by_log", "by_file"));
            if (major >= 18) {
                copies.addFirst("by_clone"); // copy_file_range, while every page is absent
                Checks.run(
                        sql,
                        "set file_copy_method = clone",
                        "create database by_clone template other strategy file_copy",
                        "reset file_copy_method");
            }
            Checks.run(
                    sql,
                    "create database by_file template other strategy file_copy",
                    "create database by_log template other strategy wal_log");
            try (Connection other = compute.connect("other")) {
                kept = Checks.checksum(other, "kept");
            }
            assertThat(kept).startsWith("3000 rows");
            for (String copy : copies) {
                try (Connection there = compute.connect(copy)) {
                    assertThat(Checks.checksum(there, "kept")).as(copy).isEqualTo(kept);
                    assertThat(Checks.text(there, "select i from kept where m = md5('77')"))
                            .isEqualTo("77");
                    Checks.run(there, "insert into kept values (-1, 'new')");
                }
            }
            String oid = Checks.text(sql, "select oid from pg_database where datname = 'other'");
            Checks.run(sql, "drop database other", "drop database by_file", "checkpoint");
            assertThat(compute.existsLocally("base/" + oid)).isFalse();
            compute.restart();
        }
    }

    @Test
    void rewritesAndRemovals() throws Exception {
        try (TestCompute compute = new TestCompute(source)) {
            List<String> gone;
            String words;
            try (Connection sql = compute.connect()) {
                gone =
                        Checks.column(
                                sql,
                                "select pg_relation_filepath(oid) from pg_class where relname in"
                                        + " ('words', 'accounts', 'accounts_pkey', 'history',"
                                        + " 'large', 'fleeting', 'tellers')");
                words = Checks.checksum(sql, "words");
                Checks.run(
                        sql,
                        "vacuum full words",
                        "cluster accounts using accounts_pkey",
                        "reindex table branches",
                        "alter table tellers set unlogged",
                        "alter table tellers set logged",
                        "alter table fleeting set logged",
                        "truncate history",
                        "drop table large",
                        "checkpoint");
                assertThat(Checks.checksum(sql, "words")).isEqualTo(words);
                for (String table : List.of("accounts", "tellers", "branches", "fleeting")) {
                    assertThat(Checks.checksum(sql, table))
                            .isEqualTo(source.checksums().get(table));
                }
                assertGone(compute, sql, gone);
            }
            compute.restart();
            try (Connection sql = compute.connect()) {
                assertThat(Checks.text(sql, "select pg_database_size('postgres') > 0"))
                        .isEqualTo("t");
                assertGone(compute, sql, gone);
                assertThat(Checks.checksum(sql, "words")).isEqualTo(words);
                assertThat(Checks.checksum(sql, "fleeting"))
                        .isEqualTo(source.checksums().get("fleeting"));
            }
        }
    }

    private static void assertGone(TestCompute compute, Connection sql, List<String> paths)
            throws Exception {
        assertThat(paths).hasSize(7);
        for (String path : paths) {
            assertThat(Checks.text(sql, "select pg_stat_file('" + path + "', true)"))
                    .as(path)
                    .isEqualTo("null");
            assertThat(compute.existsLocally(path)).as(path).isFalse();
        }
    }

    /** The file shrinks over blocks that were never brought, and grows again over their places. */
    @Test
    void whatWasCutOffStaysLocal() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            Checks.run(sql, "delete from accounts where aid > 10000", "vacuum accounts");
            long blocks =
                    Long.parseLong(Checks.text(sql, "select pg_relation_size('accounts') / 8192"));
            assertThat(blocks).isLessThan(300);
            Checks.run(
                    sql,
                    "insert into accounts select i, 1, 7, 'again'"
                            + " from generate_series(10001, 50000) i",
                    "checkpoint");
            compute.restart();
        }
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            Checks.run(sql, "truncate accounts", "insert into accounts values (1, 1, 1, 'one')");
            assertThat(Checks.text(sql, "select count(*) from accounts")).isEqualTo("1");
        }
    }

    @Test
    void cleanRestartOnTheSameDirectory() throws Exception {
        try (TestCompute compute = new TestCompute(source)) {
            String accounts;
            try (Connection sql = compute.connect()) {
                Checks.run(
                        sql,
                        "update accounts set abalance = aid where aid % 3 = 0",
                        "insert into history select 1, 1, i, 1 from generate_series(1, 1000) i",
                        "checkpoint");
                accounts = Checks.checksum(sql, "accounts");
            }
            compute.restart();
            try (Connection sql = compute.connect()) {
                assertThat(Checks.checksum(sql, "accounts")).isEqualTo(accounts);
                assertThat(Checks.text(sql, "select count(*) from history")).isEqualTo("1000");
                assertThat(Checks.checksum(sql, "words"))
                        .isEqualTo(source.checksums().get("words"));
            }
        }
    }

    @Test
    void parallelQueriesTemporaryTablesAndCopy() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            Checks.run(
                    sql,
                    "set parallel_setup_cost = 0",
                    "set parallel_tuple_cost = 0",
                    "set min_parallel_table_scan_size = 0",
                    "set max_parallel_workers_per_gather = 4",
                    "set debug_parallel_query = on");
            assertThat(Checks.checksums(sql)).isEqualTo(source.checksums());
            Checks.run(
                    sql,
                    "create temp table mine as select * from accounts",
                    "update mine set abalance = 1",
                    "set work_mem = '64kB'",
                    "create temp table lines(line text)",
                    "copy lines from program 'env'");
            assertThat(Checks.text(sql, "select sum(abalance) from mine")).isEqualTo("60000");
            assertThat(
                            Checks.text(
                                    sql,
                                    "select count(*) from (select * from accounts order by filler, aid desc) s"))
                    .isEqualTo("60000");
            assertThat(Checks.column(sql, "select line from lines"))
                    .isNotEmpty()
                    .noneMatch(line -> line.contains("PRELOAD") || line.contains("SHIM"));
        }
    }

    /** A file function reads with stdio, past every call that the shim has. */
    @Test
    void rawReadsSeePages() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            String zeros =
                    Checks.text(
                            sql,
                            "select pg_read_binary_file(pg_relation_filepath('words'), 8192, 8192)"
                                    + " = decode(repeat('00', 8192), 'hex')");
            assertThat(zeros).isEqualTo("f");
        }
    }

    @Test
    void theManifestKnowsWhatIsLocal() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            int database =
                    Integer.parseInt(
                            Checks.text(
                                    sql, "select oid from pg_database where datname = 'postgres'"));
            int relation =
                    Integer.parseInt(Checks.text(sql, "select pg_relation_filenode('accounts')"));
            RelFileLocator accounts =
                    new RelFileLocator(RelFileLocator.DEFAULT_TABLESPACE, database, relation);
            assertThat(compute.file().isLocal(accounts, Fork.MAIN, 20)).isFalse();
            Checks.run(sql, "select * from accounts where ctid = '(20,1)'::tid");
            assertThat(compute.file().isLocal(accounts, Fork.MAIN, 20)).isTrue();
            assertThat(compute.file().isMaterialised(accounts, Fork.MAIN, 0)).isTrue();
            assertThat(compute.file().isLocal(accounts, Fork.MAIN, 1 << 20)).isTrue();
            List<Integer> local = new ArrayList<>();
            compute.file()
                    .forEachLocalBlock((where, fork, block) -> {
                        if (where.equals(accounts) && fork == Fork.MAIN) {
                            local.add(block);
                        }
                    });
            assertThat(local).contains(20).doesNotContain(21);
        }
    }

    /** Somebody brings blocks, slowly, of a file that is cut to nothing meanwhile. */
    @Test
    void aFileThatWasCutDoesNotGrowAgain() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection reading = compute.connect();
                Connection cutting = compute.connect();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            String path = Checks.text(cutting, "select pg_relation_filepath('accounts')");
            int relation = Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
            Checks.text(cutting, "select count(*) from history"); // so that its catalogs are here
            CountDownLatch asked = new CountDownLatch(1);
            CountDownLatch released = new CountDownLatch(1);
            compute.before.set((locator, fork, first, count, into) -> {
                if (locator.relation() == relation && first >= 256) {
                    asked.countDown();
                    awaitOrFail(released);
                }
            });
            String raw = "select length(pg_read_binary_file('" + path + "'))";
            Future<String> read = threads.submit(() -> Checks.text(reading, raw));
            awaitOrFail(asked);
            Future<Void> cut =
                    threads.submit(() -> {
                        Checks.run(cutting, "truncate accounts");
                        return null;
                    });
            assertThatThrownBy(() -> cut.get(300, TimeUnit.MILLISECONDS))
                    .isInstanceOf(TimeoutException.class);
            released.countDown();
            cut.get(30, TimeUnit.SECONDS);
            read.get(30, TimeUnit.SECONDS);
            assertThat(Files.size(compute.data().resolve(path))).isZero();
            Checks.run(cutting, "checkpoint");
            assertThat(compute.existsLocally(path)).isFalse();
        }
    }

    private static void awaitOrFail(CountDownLatch latch) throws IOException {
        try {
            if (!latch.await(60, TimeUnit.SECONDS)) {
                throw new IOException("nobody opened the latch");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** 18 reads through processes of its own by default; io_method=sync advises as 17 does. */
    @Test
    void adviceIsTaken() throws Exception {
        String[] settings = major >= 18 ? new String[] {"io_method=sync"} : new String[0];
        try (TestCompute compute = new TestCompute(source, settings);
                Connection sql = compute.connect()) {
            Checks.run(
                    sql,
                    "set enable_seqscan = off",
                    "set enable_indexscan = off",
                    "set enable_indexonlyscan = off",
                    "set effective_io_concurrency = 32");
            String scattered =
                    "select count(filler) from accounts where aid = any(array("
                            + "select i * 700 from generate_series(1, 80) i))";
            assertThat(Checks.text(sql, scattered)).isEqualTo("80");
            assertThat(compute.server().statistics().prefetchedPages()).isPositive();
            assertThat(Checks.checksums(sql)).isEqualTo(source.checksums());
        }
    }

    /** TPC-B by eight sessions from the first page on; the sums must agree. */
    @Test
    void manySessionsWhilePagesAreAbsent() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        try (TestCompute compute = new TestCompute(source, "shared_buffers=2MB")) {
            Random seeds = new Random(seed);
            List<Callable<Integer>> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                long own = seeds.nextLong();
                clients.add(() -> transfer(compute, new Random(own)));
            }
            int sum = 0;
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (Future<Integer> client : threads.invokeAll(clients)) {
                    sum += client.get();
                }
            }
            try (Connection sql = compute.connect()) {
                for (String total :
                        List.of(
                                "select sum(abalance) from accounts",
                                "select sum(bbalance) from branches",
                                "select sum(tbalance) from tellers",
                                "select sum(delta) from history")) {
                    assertThat(Checks.text(sql, total)).as(total).isEqualTo("" + sum);
                }
            }
        }
    }

    private static int transfer(TestCompute compute, Random random) throws Exception {
        int sum = 0;
        try (Connection sql = compute.connect()) {
            for (int i = 0; i < 250; i++) {
                int delta = random.nextInt(-5000, 5000);
                int aid = random.nextInt(60000) + 1;
                int tid = random.nextInt(40) + 1;
                int bid = random.nextInt(4) + 1;
                Checks.run(
                        sql,
                        """
                        begin;
                        update accounts set abalance = abalance + %1$d where aid = %2$d;
                        update tellers set tbalance = tbalance + %1$d where tid = %3$d;
                        update branches set bbalance = bbalance + %1$d where bid = %4$d;
                        insert into history values (%3$d, %4$d, %2$d, %1$d);
                        commit\
                        """
                                .formatted(delta, aid, tid, bid));
                sum += delta;
            }
        }
        return sum;
    }
}
