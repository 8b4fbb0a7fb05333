package dev.sluice.walservice.proposer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.client.WalChunk;
import dev.sluice.walservice.client.WalStream;
import dev.sluice.walservice.consensus.CommittedWal;
import dev.sluice.walservice.consensus.PeerReport;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class WalProposerTest {
    /** What no commit takes, unless it waits for who does not answer. */
    private static final Duration SLOW = Duration.ofSeconds(2);

    @TempDir Path directory;

    @Test
    void oneSafekeeperKeepsWhatIsFlushed() throws Exception {
        try (Fleet fleet = new Fleet(directory, 1)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 1);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                assertThat(proposer.startLsn()).isEqualTo(Fleet.START);
                assertThat(proposer.term()).isEqualTo(new Term(1));
                assertThat(proposer.commitLsn()).isEqualTo(Fleet.START);
                for (int i = 0; i < 200; i++) {
                    Lsn end = wal.append(i * 37);
                    assertThat(proposer.flush(wal.writtenUpTo())).isEqualTo(end);
                    assertThat(proposer.commitLsn()).isEqualTo(end);
                }
                TimelineStatus status = fleet.client(0).status(fleet.id);
                assertThat(status.flush()).isEqualTo(wal.end());
                assertThat(status.lastLogTerm()).isEqualTo(new Term(1));
                assertThat(proposer.flushStatus().flushes()).isEqualTo(200);
                assertThat(fleet.client(0).read(fleet.id, Fleet.START, wal.end()))
                        .isEqualTo(wal.bytes(Fleet.START, wal.end()));
            }
        }
    }

    @Test
    void recordsLongerThanAnyMessageAndSegmentArrive() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 2);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                wal.append(100);
                Lsn end = wal.append(20 << 20);
                assertThat(proposer.flush(wal.writtenUpTo())).isEqualTo(end);
                awaitFlush(fleet, wal.end(), 0, 1, 2);
                byte[] wanted = wal.bytes(Fleet.START, Fleet.START.plus(16 << 20));
                assertThat(fleet.client(2).read(fleet.id, Fleet.START, Fleet.START.plus(16 << 20)))
                        .isEqualTo(wanted);
            }
        }
    }

    @Test
    void oneOfThreeMayBeDownAndCatchesUp() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 3);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 50);
                fleet.stop(1);
                write(wal, proposer, 50);
                fleet.restart(1);
                write(wal, proposer, 10);
                awaitFlush(fleet, wal.end(), 0, 1, 2);
                assertThat(fleet.client(1).read(fleet.id, Fleet.START, wal.end()))
                        .isEqualTo(wal.bytes(Fleet.START, wal.end()));
            }
        }
    }

    @Test
    void withoutAQuorumFlushWaitsAndGoesOnLater() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 4);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 5);
                Lsn durable = wal.end();
                fleet.stop(1);
                fleet.stop(2);
                wal.append(500);
                CompletableFuture<Lsn> flush = flushLater(proposer, wal.writtenUpTo());
                await().until(() -> fleet.client(0).status(fleet.id).flush().equals(wal.end()));
                assertThat(flush).isNotDone();
                assertThat(proposer.commitLsn()).isEqualTo(durable);
                fleet.restart(2);
                assertThat(flush.get()).isEqualTo(wal.end());
            }
        }
    }

    @Test
    void whoeverAnswersAtAnothersAddressIsNamed() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            fleet.stop(2);
            ProposerConfig wrong = fleet.configWith(0, fleet.socket(1), Duration.ofSeconds(2));
            assertThatThrownBy(() -> WalProposer.elect(wrong, new SyntheticWal(Fleet.START, 1)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("safekeeper 1: safekeeper 2 answers at its address")
                    .hasMessageContaining("safekeeper 2: connected");
        }
    }

    @Test
    void aNewerProposerFencesTheOlder() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 5);
            try (WalProposer older = WalProposer.elect(fleet.config(), wal)) {
                write(wal, older, 20);
                Lsn durable = wal.end();
                SyntheticWal newerWal = new SyntheticWal(durable, 6);
                try (WalProposer newer = WalProposer.elect(fleet.config(), newerWal)) {
                    assertThat(newer.startLsn()).isEqualTo(durable);
                    assertThat(newer.term()).isEqualTo(older.term().next());
                    wal.append(300);
                    assertThatThrownBy(() -> older.flush(wal.writtenUpTo()))
                            .isInstanceOf(FencedException.class);
                    assertThatThrownBy(() -> older.flush(durable))
                            .isInstanceOf(FencedException.class);
                    newerWal.append(400);
                    newer.flush(newerWal.writtenUpTo());
                    awaitFlush(fleet, newerWal.end(), 0, 1, 2);
                    assertThat(fleet.client(0).read(fleet.id, durable, newerWal.end()))
                            .isEqualTo(newerWal.bytes(durable, newerWal.end()));
                }
            }
        }
    }

    @Test
    void anIdleFencedProposerNoticesAtOnce() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 17);
            try (WalProposer older = WalProposer.elect(fleet.config(), wal)) {
                write(wal, older, 3);
                CompletableFuture<Boolean> told = new CompletableFuture<>();
                older.whenFenced(() -> told.complete(true));
                try (WalProposer newer =
                        WalProposer.elect(fleet.config(), new SyntheticWal(wal.end(), 18))) {
                    assertThat(told.get(20, TimeUnit.SECONDS)).isTrue();
                    assertThat(older.flushStatus().fenced()).isTrue();
                    assertThat(newer.flushStatus().fenced()).isFalse();
                    CompletableFuture<Boolean> late = new CompletableFuture<>();
                    older.whenFenced(() -> late.complete(true));
                    assertThat(late.get(20, TimeUnit.SECONDS)).isTrue();
                }
            }
        }
    }

    @Test
    void aFrozenMinorityNeitherSlowsCommitsNorIsForgotten() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3);
                FreezableProxy proxy =
                        new FreezableProxy(directory.resolve("p.sock"), fleet.socket(2))) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 19);
            ProposerConfig config = fleet.configWith(2, directory.resolve("p.sock"));
            try (WalProposer proposer = WalProposer.elect(config, wal)) {
                awaitFlush(fleet, wal.end(), 2);
                write(wal, proposer, 20);
                proxy.freeze(true);
                // Far more than the socket's buffers hold, so that sending to it blocks.
                for (int i = 0; i < 60; i++) {
                    wal.append(100_000);
                    long begun = System.nanoTime();
                    proposer.flush(wal.writtenUpTo());
                    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(SLOW);
                }
                await().until(() ->
                        proposer.flushStatus()
                                .safekeepers()
                                .get(2)
                                .condition()
                                .startsWith("silent for"));
                proxy.freeze(false);
                awaitFlush(fleet, wal.end(), 2);
            }
        }
    }

    /** At once, not only when safekeepers are told: who asks may have waited for it. */
    @Test
    void whatWasAcknowledgedIsSeenToBeCommitted() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 22);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                awaitFlush(fleet, Fleet.START, 0, 1, 2);
                for (int i = 0; i < 200; i++) {
                    wal.append(100);
                    proposer.flush(wal.writtenUpTo());
                    List<PeerReport> reports = new ArrayList<>();
                    for (int safekeeper = 0; safekeeper < 3; safekeeper++) {
                        reports.add(fleet.client(safekeeper).report(fleet.id));
                    }
                    assertThat(CommittedWal.end(fleet.configuration, reports)).isEqualTo(wal.end());
                }
            }
        }
    }

    @Test
    void oneIsFilledAlsoWhileAnotherThatHasTheWalIsFrozen() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3);
                FreezableProxy proxy =
                        new FreezableProxy(directory.resolve("p.sock"), fleet.socket(0))) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 21);
            ProposerConfig config = fleet.configWith(0, directory.resolve("p.sock"));
            try (WalProposer proposer = WalProposer.elect(config, wal)) {
                fleet.stop(1);
                for (int i = 0; i < 30; i++) {
                    wal.append(100_000);
                    proposer.flush(wal.writtenUpTo());
                }
                // The compute has it no more: a safekeeper must give it.
                wal.removeBelow(WalSegments.pageStart(wal.end()));
                proxy.freeze(true);
                fleet.restart(1);
                wal.append(300);
                assertThat(flushLater(proposer, wal.writtenUpTo()).get(30, TimeUnit.SECONDS))
                        .isEqualTo(wal.end());
                awaitFlush(fleet, wal.end(), 1);
            }
        }
    }

    @Test
    void aWaitingFlushOfAFencedProposerFails() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 7);
            try (WalProposer older = WalProposer.elect(fleet.config(), wal)) {
                write(wal, older, 5);
                fleet.stop(1);
                fleet.stop(2);
                wal.append(300);
                CompletableFuture<Lsn> flush = flushLater(older, wal.writtenUpTo());
                await().until(() -> fleet.client(0).status(fleet.id).flush().equals(wal.end()));
                fleet.stop(0);
                CompletableFuture<WalProposer> election =
                        CompletableFuture.supplyAsync(() -> {
                            try {
                                return WalProposer.elect(
                                        fleet.config(), new SyntheticWal(Fleet.START, 8));
                            } catch (IOException e) {
                                throw new IllegalStateException(e);
                            }
                        });
                fleet.restart(1);
                fleet.restart(2);
                try (WalProposer newer = election.get()) {
                    // Either the older got its WAL on a quorum before it was fenced, or it failed;
                    // and the newer begins accordingly.
                    if (newer.startLsn().isBefore(wal.end())) {
                        assertThatThrownBy(flush::get)
                                .isInstanceOf(ExecutionException.class)
                                .hasRootCauseInstanceOf(FencedException.class);
                    }
                    fleet.restart(0);
                    assertThatThrownBy(
                                    () -> {
                                        wal.append(10);
                                        older.flush(wal.writtenUpTo());
                                    })
                            .isInstanceOf(FencedException.class);
                }
            }
        }
    }

    @Test
    void everythingAcknowledgedSurvivesRestarts() throws Exception {
        try (Fleet fleet = new Fleet(directory, 1)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 9);
            for (int round = 0; round < 5; round++) {
                try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                    assertThat(proposer.startLsn()).isEqualTo(wal.end());
                    write(wal, proposer, 30);
                }
                await().until(() -> fleet.client(0).status(fleet.id).commit().equals(wal.end()));
                fleet.restart(0);
                TimelineStatus status = fleet.client(0).status(fleet.id);
                assertThat(status.flush()).isEqualTo(wal.end());
                assertThat(status.commit()).isEqualTo(wal.end());
                assertThat(status.term()).isEqualTo(new Term(round + 1));
            }
            assertThat(fleet.client(0).read(fleet.id, Fleet.START, wal.end()))
                    .isEqualTo(wal.bytes(Fleet.START, wal.end()));
        }
    }

    @Test
    void aTornTailIsCutOff() throws Exception {
        try (Fleet fleet = new Fleet(directory, 1)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 10);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 10);
            }
            fleet.stop(0);
            Lsn durable = wal.end();
            wal.append(3000);
            byte[] torn = wal.bytes(durable, wal.end());
            Path segment =
                    fleet.timelineDirectory(0)
                            .resolve(WalSegments.fileName(WalSegments.segmentOf(durable)));
            try (FileChannel file = FileChannel.open(segment, StandardOpenOption.WRITE)) {
                file.write(
                        ByteBuffer.wrap(torn, 0, torn.length - 100),
                        WalSegments.segmentOffset(durable));
            }
            fleet.restart(0);
            assertThat(fleet.client(0).status(fleet.id).flush()).isEqualTo(durable);
            assertThat(Files.size(segment)).isEqualTo(WalSegments.segmentOffset(durable));
            SyntheticWal next = new SyntheticWal(durable, 11);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), next)) {
                assertThat(proposer.startLsn()).isEqualTo(durable);
                write(next, proposer, 10);
            }
        }
    }

    @Test
    void aDamagedControlFileIsNamed() throws Exception {
        try (Fleet fleet = new Fleet(directory, 1)) {
            fleet.stop(0);
            Path control = fleet.timelineDirectory(0).resolve("control");
            byte[] bytes = Files.readAllBytes(control);
            bytes[40] ^= 1;
            Files.write(control, bytes);
            fleet.restart(0);
            assertThatThrownBy(() -> fleet.client(0).status(fleet.id))
                    .isInstanceOf(SafekeeperException.class)
                    .hasMessageContaining(control.toString())
                    .hasMessageContaining("checksum");
            assertThat(fleet.client(0).timelines()).isEmpty();
            assertThatThrownBy(() ->
                            WalProposer.elect(
                                    fleet.config(Duration.ofMillis(300)),
                                    new SyntheticWal(Fleet.START, 1)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(control.toString());
        }
    }

    @Test
    void aSafekeeperThatLostItsDiskIsFilledAgain() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 12);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 40);
            }
            fleet.loseDisk(1);
            assertThatThrownBy(() -> fleet.client(1).status(fleet.id))
                    .isInstanceOf(SafekeeperException.class);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                assertThat(proposer.startLsn()).isEqualTo(wal.end());
                write(wal, proposer, 10);
                awaitFlush(fleet, wal.end(), 0, 1, 2);
                assertThat(fleet.client(1).read(fleet.id, Fleet.START, wal.end()))
                        .isEqualTo(wal.bytes(Fleet.START, wal.end()));
            }
        }
    }

    @Test
    void whatTheComputeRemovedComesFromAnotherSafekeeper() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 13);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 5);
                fleet.stop(2);
                write(wal, proposer, 50);
                wal.removeBelow(wal.end());
                fleet.restart(2);
                awaitFlush(fleet, wal.end(), 2);
            }
        }
    }

    @Test
    void aFullDiskRefusesAppendsUntilThereIsRoom() throws Exception {
        assumeThat(System.getProperty("user.name")).as("may mount").isEqualTo("root");
        Path small = Files.createDirectory(directory.resolve("sk0"));
        assumeThat(run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small.toString()))
                .isZero();
        try (Fleet fleet = new Fleet(directory, 1)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 15);
            Path ballast = small.resolve("ballast");
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 5);
                Lsn durable = wal.end();
                Files.write(ballast, new byte[2 << 20]);
                wal.append(2 << 20);
                CompletableFuture<Lsn> flush = flushLater(proposer, wal.writtenUpTo());
                await().until(() ->
                        proposer.flushStatus()
                                .safekeepers()
                                .getFirst()
                                .condition()
                                .contains("disk is full"));
                assertThat(flush).isNotDone();
                assertThat(fleet.client(0).status(fleet.id).flush()).isEqualTo(durable);
                Files.delete(ballast);
                assertThat(flush.get()).isEqualTo(wal.end());
                assertThat(fleet.client(0).read(fleet.id, Fleet.START, wal.end()))
                        .isEqualTo(wal.bytes(Fleet.START, wal.end()));
            }
        } finally {
            run("umount", small.toString());
        }
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    @Test
    void manyThreadsMayFlushAtOnce() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 16);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                List<CompletableFuture<Void>> writers = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    writers.add(
                            CompletableFuture.runAsync(() -> {
                                for (int k = 0; k < 100; k++) {
                                    Lsn end = wal.append(50 + k);
                                    assertThat(flush(proposer, wal.writtenUpTo()))
                                            .isGreaterThanOrEqualTo(end);
                                    assertThat(proposer.commitLsn()).isGreaterThanOrEqualTo(end);
                                }
                            }));
                }
                for (CompletableFuture<Void> writer : writers) {
                    writer.get();
                }
                assertThat(proposer.commitLsn()).isEqualTo(wal.end());
            }
        }
    }

    private static Lsn flush(WalProposer proposer, Lsn upTo) {
        try {
            return proposer.flush(upTo);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void committedWalIsPushedAndNothingElse() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 14);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal);
                    WalStream stream = fleet.client(0).stream(fleet.id, Fleet.START)) {
                ByteArrayOutputStream got = new ByteArrayOutputStream();
                for (int i = 0; i < 20; i++) {
                    wal.append(i * 1000);
                    proposer.flush(wal.writtenUpTo());
                    int wanted = (int) wal.end().minus(Fleet.START);
                    while (got.size() < wanted) {
                        WalChunk chunk = stream.next();
                        assertThat(chunk.end()).isLessThanOrEqualTo(chunk.commit());
                        byte[] bytes = new byte[chunk.wal().remaining()];
                        chunk.wal().get(bytes);
                        got.writeBytes(bytes);
                    }
                    assertThat(got.size()).isEqualTo(wanted);
                }
                assertThat(got.toByteArray()).isEqualTo(wal.bytes(Fleet.START, wal.end()));
            }
        }
    }

    private static void write(SyntheticWal wal, WalProposer proposer, int records)
            throws IOException {
        for (int i = 0; i < records; i++) {
            wal.append(100 + 97 * i);
            proposer.flush(wal.writtenUpTo());
        }
    }

    private static CompletableFuture<Lsn> flushLater(WalProposer proposer, Lsn upTo) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return proposer.flush(upTo);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static void awaitFlush(Fleet fleet, Lsn end, int... safekeepers) {
        for (int safekeeper : safekeepers) {
            await().until(() -> fleet.client(safekeeper).status(fleet.id).flush().equals(end));
        }
    }
}
