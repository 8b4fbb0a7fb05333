package dev.sluice.walservice.safekeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.SpaceReport;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.proposer.ProposerConfig;
import dev.sluice.walservice.proposer.SyntheticWal;
import dev.sluice.walservice.proposer.WalProposer;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fills up: WAL is refused and says why; with room again all goes on. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DiskFullTest {
    private static final Lsn START = Lsn.parse("0/15000A8");
    private static final long RESERVE = 8 << 20;
    private static final long PLENTY = 1L << 40;

    @TempDir Path directory;

    private final TenantTimelineId id =
            new TenantTimelineId(TenantId.random(), TimelineId.random());

    /** Safekeepers on disks whose free space the test decides. */
    private final class Disks implements Closeable {
        final List<AtomicLong> usable = new ArrayList<>();
        final List<Safekeeper> safekeepers = new ArrayList<>();

        Disks(int count) throws IOException {
            for (int i = 0; i < count; i++) {
                AtomicLong free = new AtomicLong(PLENTY);
                usable.add(free);
                Path home = Files.createDirectories(directory.resolve("sk" + i));
                safekeepers.add(
                        Safekeeper.start(
                                new SafekeeperConfig(
                                        i + 1,
                                        home,
                                        new PartAddress.Unix(directory.resolve(i + ".sock")),
                                        RESERVE),
                                new DiskSpace.Probe() {
                                    @Override
                                    public long usable() {
                                        return free.get();
                                    }

                                    @Override
                                    public long total() {
                                        return PLENTY;
                                    }
                                }));
                client(i).createTimeline(id, 42, 17, configuration(count), START);
            }
        }

        SafekeeperClient client(int safekeeper) {
            return new SafekeeperClient(safekeepers.get(safekeeper).address());
        }

        ProposerConfig config() {
            return configOf(safekeepers.stream().map(Safekeeper::address).toList());
        }

        @Override
        public void close() throws IOException {
            for (Safekeeper safekeeper : safekeepers) {
                safekeeper.close();
            }
        }
    }

    private ProposerConfig configOf(List<PartAddress> addresses) {
        return new ProposerConfig(
                id,
                17,
                42,
                configuration(addresses.size()),
                node -> addresses.get((int) node - 1),
                Duration.ofSeconds(20));
    }

    private static Configuration configuration(int safekeepers) {
        return Configuration.first(LongStream.rangeClosed(1, safekeepers).boxed().toList());
    }

    @Test
    void aReserveIsLeftFreeAndAQuarterMoreMustBeBeforeItIsUsedAgain() throws IOException {
        AtomicLong free = new AtomicLong(RESERVE + 100);
        DiskSpace space =
                new DiskSpace(
                        1,
                        directory,
                        RESERVE,
                        new DiskSpace.Probe() {
                            @Override
                            public long usable() {
                                return free.get();
                            }

                            @Override
                            public long total() {
                                return PLENTY;
                            }
                        });
        space.claim(100);
        assertThat(space.report().isLow()).isTrue();
        assertThat(space.report().full()).isFalse();
        assertThatThrownBy(() -> space.claim(101))
                .isInstanceOf(SafekeeperException.class)
                .hasMessageContaining("8 MiB free in " + directory)
                .extracting(e -> ((SafekeeperException) e).refusal())
                .isEqualTo(Refusal.DISK_FULL);
        free.set(RESERVE + 101);
        assertThatThrownBy(() -> space.claim(101)).isInstanceOf(SafekeeperException.class);
        assertThat(space.report().full()).isTrue();
        assertThat(space.report().refused()).isEqualTo(2);
        free.set(RESERVE + RESERVE / 4 + 101);
        space.claim(101);
        assertThat(space.report().full()).isFalse();
        free.set(10 * RESERVE);
        assertThat(space.report().isLow()).isFalse();
    }

    @Test
    void aCommitWaitsForRoomAndGoesOnByItself() throws Exception {
        try (Disks disks = new Disks(1)) {
            SyntheticWal wal = new SyntheticWal(START, 1);
            try (WalProposer proposer = WalProposer.elect(disks.config(), wal)) {
                wal.append(1000);
                proposer.flush(wal.writtenUpTo());
                Lsn durable = wal.end();
                disks.usable.getFirst().set(RESERVE);
                wal.append(3 << 20); // more than is there of the segment
                CompletableFuture<Lsn> commit = flushLater(proposer, wal);
                await().until(() ->
                        proposer.flushStatus()
                                .safekeepers()
                                .getFirst()
                                .condition()
                                .contains("disk is full"));
                SpaceReport report = disks.client(0).space();
                assertThat(report.full()).isTrue();
                assertThat(report.refused()).isPositive();
                assertThat(report.directory()).isEqualTo(directory.resolve("sk0").toString());
                assertThat(commit).isNotDone();
                // it still answers, and serves what it has
                assertThat(disks.client(0).status(id).commit()).isEqualTo(durable);
                assertThat(disks.client(0).read(id, START, durable))
                        .isEqualTo(wal.bytes(START, durable));
                disks.usable.getFirst().set(PLENTY);
                assertThat(commit.get()).isEqualTo(wal.end());
                assertThat(disks.client(0).space().full()).isFalse();
                assertThat(disks.client(0).read(id, START, wal.end()))
                        .isEqualTo(wal.bytes(START, wal.end()));
            }
        }
    }

    @Test
    void aQuorumOfOthersGoesOnAloneAndItCatchesUp() throws Exception {
        try (Disks disks = new Disks(3)) {
            SyntheticWal wal = new SyntheticWal(START, 2);
            try (WalProposer proposer = WalProposer.elect(disks.config(), wal)) {
                disks.usable.get(1).set(0);
                for (int i = 0; i < 20; i++) {
                    wal.append(300_000);
                    assertThat(proposer.flush(wal.writtenUpTo())).isEqualTo(wal.end());
                }
                await().until(() -> disks.client(1).space().full());
                assertThat(disks.client(1).status(id).flush()).isLessThan(wal.end());
                disks.usable.get(1).set(PLENTY);
                await().until(() -> disks.client(1).status(id).flush().equals(wal.end()));
                assertThat(disks.client(1).read(id, START, wal.end()))
                        .isEqualTo(wal.bytes(START, wal.end()));
            }
        }
    }

    /** The kernel's own word for it. Needs to be root, to mount a small file system. */
    @Test
    void aFileSystemThatIsReallyFullIsNoDifferent() throws Exception {
        Path home = Files.createDirectories(directory.resolve("small"));
        assumeThat(mount("-t", "tmpfs", "-o", "size=6m", "none", home.toString()))
                .as("a small file system can be mounted")
                .isTrue();
        PartAddress address = new PartAddress.Unix(directory.resolve("small.sock"));
        try (Safekeeper safekeeper = Safekeeper.start(new SafekeeperConfig(1, home, address, 0))) {
            SafekeeperClient client = new SafekeeperClient(safekeeper.address());
            client.createTimeline(id, 42, 17, configuration(1), START);
            SyntheticWal wal = new SyntheticWal(START, 3);
            try (WalProposer proposer = WalProposer.elect(configOf(List.of(address)), wal)) {
                for (int i = 0; i < 100; i++) {
                    wal.append(200_000);
                }
                CompletableFuture<Lsn> commit = flushLater(proposer, wal);
                await().until(() -> client.space().full());
                assertThat(commit).isNotDone();
                assertThat(mount("-o", "remount,size=64m", home.toString())).isTrue();
                assertThat(commit.get()).isEqualTo(wal.end());
                Lsn end = START.plus(SafekeeperClient.MAX_READ);
                assertThat(client.read(id, START, end)).isEqualTo(wal.bytes(START, end));
            }
        } finally {
            assertThat(run(List.of("umount", home.toString()))).isTrue();
        }
    }

    private static boolean mount(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("mount"));
        command.addAll(List.of(arguments));
        return run(command);
    }

    private static boolean run(List<String> command) throws Exception {
        return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
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
}
