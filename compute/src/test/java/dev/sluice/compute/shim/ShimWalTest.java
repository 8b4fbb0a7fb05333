package dev.sluice.compute.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** A WAL flush of a real Postgres is the agent's to answer. */
@ParameterizedClass
@ValueSource(ints = {17, 18})
class ShimWalTest {
    @Parameter int major;

    private SourceCluster source;

    @BeforeEach
    void source() throws Exception {
        source = SourceCluster.of(major);
    }

    /** The page that ends a commit's WAL was flushed before the client heard of it. */
    private static Lsn commit(Connection sql, int i) throws SQLException {
        Checks.run(sql, "insert into history values (1, 1, 1, " + i + ")");
        return Lsn.parse(Checks.text(sql, "select pg_current_wal_flush_lsn()"));
    }

    @Test
    void everyCommitWasFlushed() throws Exception {
        try (TestCompute compute = new TestCompute(source)) {
            AtomicLong flushed = new AtomicLong();
            compute.wal.set(lsn -> flushed.accumulateAndGet(lsn.value(), Math::max));
            List<Callable<Void>> clients = new ArrayList<>();
            for (int c = 0; c < 4; c++) {
                clients.add(() -> commitOften(compute, flushed));
            }
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (Future<Void> client : threads.invokeAll(clients)) {
                    client.get();
                }
            }
            assertThat(compute.server().statistics().flushes()).isGreaterThan(200);
            assertThat(compute.writtenUpTo().value()).isGreaterThanOrEqualTo(flushed.get());
        }
    }

    private static Void commitOften(TestCompute compute, AtomicLong flushed) throws SQLException {
        try (Connection sql = compute.connect()) {
            for (int i = 0; i < 200; i++) {
                Lsn end = commit(sql, i);
                assertThat(end.value()).isLessThanOrEqualTo(flushed.get());
            }
        }
        return null;
    }

    /** Two commits inside one WAL page carry the same bound; both must ask. */
    @Test
    void aCommitInTheSameWalPageAsksAgain() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            for (int i = 0; i < 50; i++) {
                long before = compute.server().statistics().flushes();
                commit(sql, i);
                assertThat(compute.server().statistics().flushes()).isGreaterThan(before);
            }
        }
    }

    @Test
    void aCommitWaitsForTheQuorum() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect();
                Connection other = compute.connect();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            commit(sql, 0);
            CountDownLatch quorum = new CountDownLatch(1);
            CountDownLatch asked = new CountDownLatch(1);
            compute.wal.set(lsn -> {
                asked.countDown();
                awaitQuietly(quorum);
            });
            Future<Lsn> waiting = threads.submit(() -> commit(sql, 7));
            assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
            assertThatThrownBy(() -> waiting.get(200, TimeUnit.MILLISECONDS))
                    .isInstanceOf(TimeoutException.class);
            assertThat(Checks.text(other, "select count(*) from history where delta = 7"))
                    .isEqualTo("0");
            quorum.countDown();
            waiting.get(30, TimeUnit.SECONDS);
            assertThat(Checks.text(other, "select count(*) from history where delta = 7"))
                    .isEqualTo("1");
        }
    }

    private static void awaitQuietly(CountDownLatch latch) throws IOException {
        try {
            if (!latch.await(60, TimeUnit.SECONDS)) {
                throw new IOException("nobody opened the latch");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void aFencedComputeStops() throws Exception {
        try (TestCompute compute = new TestCompute(source)) {
            try (Connection sql = compute.connect()) {
                commit(sql, 1);
                compute.wal.set(lsn -> {
                    throw new IOException("fenced by term 8");
                });
                assertThatThrownBy(() -> commit(sql, 2)).isInstanceOf(SQLException.class);
            }
            assertThat(compute.postgres().awaitEnd()).isNotZero();
            await().untilAsserted(() ->
                    assertThat(compute.postgres().log())
                            .contains("is not durable: fenced by term 8")
                            .containsPattern("PANIC:.*could not fdatasync file"));
        }
    }

    /** With open_datasync Postgres makes no sync call: each write then asks. */
    @Test
    void noSyncMethodEscapes() throws Exception {
        for (String method : List.of("fsync", "open_datasync", "open_sync")) {
            try (TestCompute compute = new TestCompute(source, "wal_sync_method=" + method);
                    Connection sql = compute.connect()) {
                for (int i = 0; i < 10; i++) {
                    long before = compute.server().statistics().flushes();
                    commit(sql, i);
                    assertThat(compute.server().statistics().flushes())
                            .as(method)
                            .isGreaterThan(before);
                }
            }
        }
    }

    /**
     * New and recycled segments, synced when they get their names, hold nothing to make durable.
     */
    @Test
    void segmentsComeAndGo() throws Exception {
        try (TestCompute compute =
                        new TestCompute(source, "max_wal_size=48MB", "min_wal_size=32MB");
                Connection sql = compute.connect()) {
            for (int i = 0; i < 6; i++) {
                Checks.run(
                        sql,
                        "insert into history select 1, 1, i, 1 from generate_series(1, 60000) i",
                        "select pg_switch_wal()",
                        "checkpoint");
            }
            Lsn end = commit(sql, 1);
            assertThat(compute.writtenUpTo()).isGreaterThanOrEqualTo(end);
            assertThat(compute.writtenUpTo().minus(end)).isLessThan(ShimServer.BLOCK_BYTES + 1);
            assertThat(Checks.text(sql, "select count(*) from history")).isEqualTo("360001");
        }
    }
}
