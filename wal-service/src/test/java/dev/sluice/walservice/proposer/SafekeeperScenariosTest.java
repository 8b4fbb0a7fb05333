package dev.sluice.walservice.proposer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.wal.WalDecoder;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Neon's scenarios for safekeepers, by their names there, with real safekeepers and sockets and a
 * compute that is only its WAL.
 */
@Timeout(value = 90, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SafekeeperScenariosTest {
    private static final Duration FIGHT =
            Duration.ofSeconds(Integer.getInteger("sluice.scenarios.fight", 4));

    @TempDir Path directory;

    /** An acknowledged piece of WAL. */
    private static final class Acknowledged {
        final Lsn start;
        final byte[] wal;

        Acknowledged(Lsn start, byte[] wal) {
            this.start = start;
            this.wal = wal;
        }
    }

    @Test
    @DisplayName("test_restarts")
    void withAMinorityDownWritesGoOn() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 31);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                for (int i = 0; i < 6; i++) {
                    fleet.stop(i % 3);
                    write(wal, proposer, 20);
                    fleet.restart(i % 3);
                    awaitSame(fleet, wal, i % 3);
                }
                awaitSame(fleet, wal, 0, 1, 2);
            }
        }
    }

    @Test
    @DisplayName("test_restarts_under_load")
    void safekeepersRestartOneByOneUnderLoad() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 32);
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger acknowledged = new AtomicInteger();
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                List<CompletableFuture<Void>> writers = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    writers.add(
                            CompletableFuture.runAsync(() -> {
                                while (!over.get()) {
                                    Lsn end = wal.append(300);
                                    assertThat(flush(proposer, wal)).isGreaterThanOrEqualTo(end);
                                    acknowledged.incrementAndGet();
                                }
                            }));
                }
                for (int i = 0; i < 9; i++) {
                    fleet.restart(i % 3);
                    int before = acknowledged.get();
                    await().until(() -> acknowledged.get() > before + 50);
                }
                over.set(true);
                for (CompletableFuture<Void> writer : writers) {
                    writer.get();
                }
                awaitSame(fleet, wal, 0, 1, 2);
            }
        }
    }

    @Test
    @DisplayName("test_unavailability")
    void withoutAMajorityWritesHangAndThenFinish() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 33);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                for (int round = 0; round < 3; round++) {
                    write(wal, proposer, 5);
                    fleet.stop(0);
                    fleet.stop(1);
                    Lsn end = wal.append(1000);
                    CompletableFuture<Lsn> commit =
                            CompletableFuture.supplyAsync(() -> flush(proposer, wal));
                    await().until(() -> fleet.client(2).status(fleet.id).flush().equals(end));
                    assertThat(commit).isNotDone();
                    fleet.restart(round % 2);
                    assertThat(commit.get(10, TimeUnit.SECONDS)).isEqualTo(end);
                    fleet.restart(1 - round % 2);
                }
                awaitSame(fleet, wal, 0, 1, 2);
            }
        }
    }

    @Test
    @DisplayName("test_concurrent_computes")
    void computesFightOverOneBranchAndNothingAcknowledgedIsLost() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            Queue<Acknowledged> all = new ConcurrentLinkedQueue<>();
            AtomicInteger elections = new AtomicInteger();
            long end = System.nanoTime() + FIGHT.toNanos();
            List<CompletableFuture<Void>> computes = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                long seed = i;
                computes.add(
                        CompletableFuture.runAsync(
                                () -> {
                                    Random random = new Random(seed);
                                    while (System.nanoTime() < end) {
                                        pause(random);
                                        compute(fleet, seed, all, elections, end);
                                    }
                                },
                                task -> Thread.ofVirtual().start(task)));
            }
            for (CompletableFuture<Void> compute : computes) {
                compute.get();
            }
            assertThat(elections.get()).isGreaterThan(3);
            assertThat(all).isNotEmpty();
            SyntheticWal nothing = new SyntheticWal(Fleet.START, 0);
            try (WalProposer last = WalProposer.elect(fleet.config(), nothing)) {
                Lsn start = last.startLsn();
                SyntheticWal wal = new SyntheticWal(start, lastRecord(fleet, start), 99);
                for (int safekeeper = 0; safekeeper < 3; safekeeper++) {
                    int each = safekeeper;
                    await().until(() ->
                            !fleet.client(each).status(fleet.id).flush().isBefore(start));
                    byte[] log = fleet.client(each).read(fleet.id, Fleet.START, start);
                    for (Acknowledged piece : all) {
                        int at = (int) piece.start.minus(Fleet.START);
                        assertThat(
                                        Arrays.equals(
                                                log,
                                                at,
                                                at + piece.wal.length,
                                                piece.wal,
                                                0,
                                                piece.wal.length))
                                .as("what was acknowledged at " + piece.start)
                                .isTrue();
                    }
                }
                assertThat(wal.previous()).isNotEqualTo(Lsn.INVALID);
            }
        }
    }

    /** A compute takes a while to start. */
    private static void pause(Random random) {
        CompletableFuture.runAsync(
                        () -> {},
                        CompletableFuture.delayedExecutor(
                                random.nextInt(1500), TimeUnit.MILLISECONDS))
                .join();
    }

    /** Writes until it is fenced. */
    private static void compute(
            Fleet fleet, long seed, Queue<Acknowledged> all, AtomicInteger elections, long end) {
        LateWal late = new LateWal();
        try (WalProposer proposer = WalProposer.elect(fleet.config(Duration.ofSeconds(2)), late)) {
            elections.incrementAndGet();
            Lsn start = proposer.startLsn();
            SyntheticWal wal = new SyntheticWal(start, lastRecord(fleet, start), seed);
            late.wal = wal;
            while (System.nanoTime() < end) {
                Lsn from = wal.end();
                wal.append(200);
                proposer.flush(wal.writtenUpTo());
                all.add(new Acknowledged(from, wal.bytes(from, wal.end())));
            }
        } catch (IOException fenced) {
            // by one of the others
        }
    }

    /** A compute's WAL that is only known after its election. */
    private static final class LateWal implements LocalWal {
        private volatile SyntheticWal wal = new SyntheticWal(Fleet.START, 0);

        @Override
        public void read(Lsn at, ByteBuffer into) throws IOException {
            wal.read(at, into);
        }
    }

    /** Where the record begins that ends at {@code end}. */
    private static Lsn lastRecord(Fleet fleet, Lsn end) throws IOException {
        Lsn start = Lsn.INVALID;
        for (int safekeeper = 0; safekeeper < 3 && !start.isValid(); safekeeper++) {
            if (!fleet.client(safekeeper).status(fleet.id).flush().isBefore(end)) {
                WalDecoder decoder = new WalDecoder(Fleet.START);
                decoder.feed(
                        ByteBuffer.wrap(fleet.client(safekeeper).read(fleet.id, Fleet.START, end)));
                for (WalRecord record; (record = decoder.next()) != null; ) {
                    start = record.start();
                }
            }
        }
        return start;
    }

    @Test
    @DisplayName("test_wal_truncation")
    void aDivergedTailIsTruncatedOnRejoin() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 35);
            Lsn common;
            Lsn previous;
            try (WalProposer older = WalProposer.elect(fleet.config(), wal)) {
                write(wal, older, 10);
                common = wal.end();
                previous = wal.previous();
                fleet.stop(0);
                fleet.stop(1);
                for (int i = 0; i < 40; i++) {
                    wal.append(10_000);
                }
                CompletableFuture<Lsn> never =
                        CompletableFuture.supplyAsync(() -> flush(older, wal));
                await().until(() -> fleet.client(2).status(fleet.id).flush().equals(wal.end()));
                assertThat(never).isNotDone();
            }
            fleet.stop(2);
            fleet.restart(0);
            fleet.restart(1);
            SyntheticWal other = new SyntheticWal(common, previous, 36);
            try (WalProposer newer = WalProposer.elect(fleet.config(), other)) {
                assertThat(newer.startLsn()).isEqualTo(common);
                write(other, newer, 10);
                fleet.restart(2);
                awaitSame(fleet, other, 0, 1, 2);
                byte[] log = fleet.client(0).read(fleet.id, Fleet.START, other.end());
                for (int i = 1; i < 3; i++) {
                    byte[] theirs = fleet.client(i).read(fleet.id, Fleet.START, other.end());
                    assertThat(Arrays.mismatch(log, theirs)).isEqualTo(-1);
                }
                int length = (int) common.minus(Fleet.START);
                assertThat(Arrays.copyOf(log, length)).isEqualTo(wal.bytes(Fleet.START, common));
            }
        }
    }

    @Test
    @DisplayName("test_recovery_uncommitted")
    void aNewLeaderTakesOverWhatWasFlushedAndNotCommitted() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 37);
            try (WalProposer older = WalProposer.elect(fleet.config(), wal)) {
                write(wal, older, 10);
                fleet.stop(0);
                fleet.stop(1);
                wal.append(300_000);
                CompletableFuture<Lsn> never =
                        CompletableFuture.supplyAsync(() -> flush(older, wal));
                await().until(() -> fleet.client(2).status(fleet.id).flush().equals(wal.end()));
                assertThat(never).isNotDone();
            }
            fleet.restart(0);
            LateWal unread = new LateWal();
            try (WalProposer newer = WalProposer.elect(fleet.config(), unread)) {
                assertThat(newer.startLsn()).isEqualTo(wal.end());
                fleet.restart(1);
                awaitSame(fleet, wal, 0, 1, 2);
            }
        }
    }

    @Test
    @DisplayName("test_lagging_sk")
    void oneThatWasAwayForSegmentsCatchesUpFromTheOthers() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 38);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 3);
                fleet.stop(1);
                for (int i = 0; i < 36; i++) {
                    wal.append(1 << 20);
                    flush(proposer, wal);
                }
                // The compute keeps nothing for who lags.
                wal.removeBelow(WalSegments.segmentStart(wal.end()));
                fleet.restart(1);
                await().until(() -> fleet.client(1).status(fleet.id).flush().equals(wal.end()));
                write(wal, proposer, 3);
                awaitFlush(fleet, wal, 1);
                Lsn from = wal.end().plus(-(8 << 20));
                assertThat(
                                Arrays.mismatch(
                                        fleet.client(1).read(fleet.id, from, wal.end()),
                                        wal.bytes(from, wal.end())))
                        .isEqualTo(-1);
            }
        }
    }

    private static Lsn flush(WalProposer proposer, SyntheticWal wal) {
        try {
            return proposer.flush(wal.writtenUpTo());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void write(SyntheticWal wal, WalProposer proposer, int records)
            throws IOException {
        for (int i = 0; i < records; i++) {
            wal.append(100 + 97 * i);
            proposer.flush(wal.writtenUpTo());
        }
    }

    private static void awaitFlush(Fleet fleet, SyntheticWal wal, int safekeeper) {
        await().ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> {
                    TimelineStatus status = fleet.client(safekeeper).status(fleet.id);
                    return status.flush().equals(wal.end());
                });
    }

    private static void awaitSame(Fleet fleet, SyntheticWal wal, int... safekeepers)
            throws IOException {
        Lsn from = Lsn.max(Fleet.START, wal.end().plus(-(8 << 20)));
        for (int safekeeper : safekeepers) {
            awaitFlush(fleet, wal, safekeeper);
        }
        byte[] first = fleet.client(safekeepers[0]).read(fleet.id, from, wal.end());
        for (int safekeeper : safekeepers) {
            byte[] log = fleet.client(safekeeper).read(fleet.id, from, wal.end());
            assertThat(Arrays.mismatch(first, log)).isEqualTo(-1);
        }
    }
}
