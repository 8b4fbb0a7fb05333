package dev.sluice.walservice.safekeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.proposer.ProposerConfig;
import dev.sluice.walservice.proposer.SyntheticWal;
import dev.sluice.walservice.proposer.WalProposer;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk that does not take WAL: what it has not taken does not count, and comes again. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class UnsyncedWalTest {
    private static final Lsn START = Lsn.parse("0/15000A8");

    @TempDir Path directory;

    private final TenantTimelineId id =
            new TenantTimelineId(TenantId.random(), TimelineId.random());

    /** Fails as a broken disk does: the kernel forgets what it could not write. */
    private static final class Disk implements DiskSpace.Probe {
        volatile boolean broken;

        @Override
        public long usable() {
            return 1L << 40;
        }

        @Override
        public long total() {
            return 1L << 40;
        }

        @Override
        public void sync(FileChannel file) throws IOException {
            if (broken) {
                throw new IOException("Input/output error");
            }
            file.force(false);
        }
    }

    private final class Fleet implements Closeable {
        final List<Disk> disks = new ArrayList<>();
        final List<Safekeeper> safekeepers = new ArrayList<>();

        Fleet(int count) throws IOException {
            for (int i = 0; i < count; i++) {
                disks.add(new Disk());
                safekeepers.add(start(i));
                client(i).createTimeline(id, 42, 17, configuration(count), START);
            }
        }

        private Safekeeper start(int i) throws IOException {
            return Safekeeper.start(
                    new SafekeeperConfig(
                            i + 1,
                            Files.createDirectories(directory.resolve("sk" + i)),
                            new PartAddress.Unix(directory.resolve(i + ".sock")),
                            0),
                    disks.get(i));
        }

        void restart(int i) throws IOException {
            safekeepers.get(i).close();
            safekeepers.set(i, start(i));
        }

        SafekeeperClient client(int i) {
            return new SafekeeperClient(safekeepers.get(i).address());
        }

        WalProposer elect(SyntheticWal wal) throws IOException {
            return WalProposer.elect(
                    new ProposerConfig(
                            id,
                            17,
                            42,
                            configuration(safekeepers.size()),
                            node -> safekeepers.get((int) node - 1).address(),
                            Duration.ofSeconds(20)),
                    wal);
        }

        @Override
        public void close() throws IOException {
            for (Safekeeper safekeeper : safekeepers) {
                safekeeper.close();
            }
        }
    }

    private static Configuration configuration(int safekeepers) {
        return Configuration.first(LongStream.rangeClosed(1, safekeepers).boxed().toList());
    }

    private Path timeline(int safekeeper) {
        return directory
                .resolve("sk" + safekeeper)
                .resolve(id.tenant().toString())
                .resolve(id.timeline().toString());
    }

    private Object inode() throws IOException {
        return Files.readAttributes(
                        timeline(0).resolve(WalSegments.fileName(WalSegments.segmentOf(START))),
                        BasicFileAttributes.class)
                .fileKey();
    }

    private static CompletableFuture<Lsn> flushLater(WalProposer proposer, SyntheticWal wal) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return proposer.flush(wal.writtenUpTo());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void aCommitWaitsUntilTheDiskTakesItIntoAnotherFile() throws Exception {
        try (Fleet fleet = new Fleet(1)) {
            SyntheticWal wal = new SyntheticWal(START, 1);
            try (WalProposer proposer = fleet.elect(wal)) {
                wal.append(10_000);
                proposer.flush(wal.writtenUpTo());
                Lsn durable = wal.end();
                Object file = inode();
                fleet.disks.getFirst().broken = true;
                wal.append(30_000);
                CompletableFuture<Lsn> commit = flushLater(proposer, wal);
                // Again and again, and never the same file.
                await().until(() -> fleet.client(0).space().failedSyncs() > 2);
                assertThat(fleet.client(0).space().failing()).isTrue();
                assertThat(commit).isNotDone();
                assertThat(timeline(0).resolve(UnsyncedWal.NAME)).exists();
                assertThatThrownBy(() -> fleet.client(0).status(id))
                        .isInstanceOf(IOException.class);
                fleet.disks.getFirst().broken = false;
                assertThat(commit.get()).isEqualTo(wal.end());
                assertThat(fleet.client(0).space().failing()).isFalse();
                assertThat(timeline(0).resolve(UnsyncedWal.NAME)).doesNotExist();
                assertThat(inode()).isNotEqualTo(file);
                assertThat(fleet.client(0).status(id).commit()).isGreaterThanOrEqualTo(durable);
                assertThat(fleet.client(0).read(id, START, wal.end()))
                        .isEqualTo(wal.bytes(START, wal.end()));
            }
        }
    }

    /** As a process finds it that is started after one that was killed while it wrote. */
    @Test
    void theMarkIsNeverThereInPart(@TempDir Path folder) throws Exception {
        UnsyncedWal.mark(folder, START);
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Void> marking =
                CompletableFuture.runAsync(() -> {
                    try {
                        while (!over.get()) {
                            UnsyncedWal.mark(folder, START);
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
        for (int i = 0; i < 5000; i++) {
            assertThat(UnsyncedWal.read(folder)).isEqualTo(START);
        }
        over.set(true);
        marking.join();
    }

    @Test
    void aRestartBelievesNothingThatWasNotSynced() throws Exception {
        try (Fleet fleet = new Fleet(1)) {
            SyntheticWal wal = new SyntheticWal(START, 2);
            Lsn durable;
            try (WalProposer proposer = fleet.elect(wal)) {
                wal.append(10_000);
                proposer.flush(wal.writtenUpTo());
                durable = wal.end();
                fleet.disks.getFirst().broken = true;
                wal.append(20 << 20); // into the next segment
                CompletableFuture<Lsn> commit = flushLater(proposer, wal);
                await().until(() -> fleet.client(0).space().failing());
                assertThat(commit).isNotDone();
            }
            fleet.restart(0);
            assertThatThrownBy(() -> fleet.client(0).status(id))
                    .isInstanceOf(SafekeeperException.class)
                    .hasMessageContaining("Input/output error");
            fleet.disks.getFirst().broken = false;
            // The page cache has more, which looks like WAL.
            assertThat(fleet.client(0).status(id).flush()).isEqualTo(durable);
            assertThat(fleet.client(0).read(id, START, durable))
                    .isEqualTo(wal.bytes(START, durable));
        }
    }

    @Test
    void aTimelineThatCannotBeUsedHidesNoOther() throws Exception {
        try (Fleet fleet = new Fleet(1)) {
            TenantTimelineId other = new TenantTimelineId(id.tenant(), TimelineId.random());
            fleet.client(0).createTimeline(other, 42, 17, configuration(1), START);
            SyntheticWal wal = new SyntheticWal(START, 4);
            try (WalProposer proposer = fleet.elect(wal)) {
                fleet.disks.getFirst().broken = true;
                wal.append(10_000);
                CompletableFuture<Lsn> commit = flushLater(proposer, wal);
                await().until(() -> fleet.client(0).space().failing());
                assertThat(commit).isNotDone();
            }
            assertThatThrownBy(() -> fleet.client(0).status(id)).isInstanceOf(IOException.class);
            assertThat(fleet.client(0).timelines())
                    .extracting(TimelineStatus::id)
                    .containsExactly(other);
        }
    }

    @Test
    void theOthersGoOnAndItGetsFromThemWhatItLost() throws Exception {
        try (Fleet fleet = new Fleet(3)) {
            SyntheticWal wal = new SyntheticWal(START, 3);
            try (WalProposer proposer = fleet.elect(wal)) {
                for (int i = 0; i < 30; i++) {
                    fleet.disks.get(1).broken = i % 10 > 4;
                    wal.append(100_000);
                    assertThat(proposer.flush(wal.writtenUpTo())).isEqualTo(wal.end());
                    if (fleet.disks.get(1).broken) {
                        await().until(() -> fleet.client(1).space().failing());
                    }
                }
                fleet.disks.get(1).broken = false;
                await().until(() -> holds(fleet.client(1), wal.end()));
                assertThat(fleet.client(1).read(id, START, wal.end()))
                        .isEqualTo(wal.bytes(START, wal.end()));
            }
        }
    }

    private boolean holds(SafekeeperClient client, Lsn end) {
        try {
            return client.status(id).flush().equals(end);
        } catch (IOException e) {
            return false; // it is being put right
        }
    }
}
