package dev.sluice.walservice.proposer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A byte on a safekeeper's disk is not what was written there. */
@Timeout(value = 90, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DamageTest {
    private static final long SEED = Long.getLong("sluice.damage.seed", 1);
    private static final int FLIPS = Integer.getInteger("sluice.damage.flips", 60);
    private static final int RESTARTS = Integer.getInteger("sluice.damage.restarts", 12);

    @TempDir Path directory;

    @Test
    void aByteOfAnyFileIsNoticedNeverServedAndRepairedFromPeers() throws Exception {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, SEED);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                for (int i = 0; i < 40; i++) {
                    wal.append(random.nextInt(20_000));
                    proposer.flush(wal.writtenUpTo());
                }
            }
            byte[] right = wal.bytes(Fleet.START, wal.end());
            await().until(() -> fleet.client(0).status(fleet.id).commit().equals(wal.end()));
            for (int i = 0; i < FLIPS; i++) {
                flip(segment(fleet, 0), random, WalSegments.segmentOffset(Fleet.START), wal.end());
                awaitRight(fleet, wal.end(), right);
            }
            for (int i = 0; i < RESTARTS; i++) {
                fleet.stop(0);
                List<Path> files = files(fleet.timelineDirectory(0));
                Path file = files.get(i % files.size());
                boolean isSegment = file.equals(segment(fleet, 0));
                flip(
                        file,
                        random,
                        isSegment ? WalSegments.segmentOffset(Fleet.START) : 0,
                        isSegment ? wal.end() : new Lsn(Files.size(file)));
                fleet.restart(0);
                awaitRight(fleet, wal.end(), right);
            }
        }
    }

    private static void awaitRight(Fleet fleet, Lsn end, byte[] right) {
        awaitRight(fleet, 0, end, right);
    }

    /** Nothing but the right bytes, or none; and in the end the right ones. */
    private static void awaitRight(Fleet fleet, int safekeeper, Lsn end, byte[] right) {
        SafekeeperClient client = fleet.client(safekeeper);
        await().ignoreExceptionsInstanceOf(SafekeeperException.class)
                .untilAsserted(() -> {
                    byte[] got;
                    try {
                        got = client.read(fleet.id, Fleet.START, end);
                    } catch (SafekeeperException e) {
                        assertThat(e.refusal())
                                .isIn(
                                        Refusal.DAMAGED,
                                        Refusal.NO_SUCH_TIMELINE,
                                        Refusal.NO_SUCH_WAL);
                        throw e;
                    }
                    assertThat(Arrays.mismatch(got, right)).isEqualTo(-1);
                });
    }

    @Test
    void aPageThatIsDamagedOnTwoIsRepairedFromTheThird() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 4);
            write(fleet, wal, 100_000);
            int damaged = WalSegments.segmentOffset(Fleet.START.plus(40_000));
            flip(segment(fleet, 0), damaged);
            flip(segment(fleet, 1), damaged);
            byte[] right = wal.bytes(Fleet.START, wal.end());
            awaitRight(fleet, 0, wal.end(), right);
            awaitRight(fleet, 1, wal.end(), right);
        }
    }

    /** With the checksums that would tell whether a peer's copy is what was written. */
    @Test
    void aSegmentThatIsGoneIsRepairedFromPeersInOneGo() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 5);
            write(fleet, wal, 40 << 20);
            long middle = WalSegments.segmentOf(Fleet.START) + 1;
            Lsn from = WalSegments.segmentStart(middle);
            Lsn to = WalSegments.segmentStart(middle + 1);
            for (boolean running : new boolean[] {true, false}) {
                if (!running) {
                    fleet.stop(0);
                }
                Path segment = fleet.timelineDirectory(0).resolve(WalSegments.fileName(middle));
                Files.delete(segment);
                Files.delete(segment.resolveSibling(segment.getFileName() + ".sums"));
                fleet.restart(0);
                await().atMost(Duration.ofSeconds(30))
                        .ignoreExceptionsInstanceOf(SafekeeperException.class)
                        .untilAsserted(() ->
                                assertThat(
                                                Arrays.mismatch(
                                                        fleet.client(0).read(fleet.id, from, to),
                                                        wal.bytes(from, to)))
                                        .isEqualTo(-1));
            }
        }
    }

    /** The one that is written: what it held was durable, so nobody takes its absence for torn. */
    @Test
    void theLastSegmentIsRepairedInOneGo() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 6);
            write(fleet, wal, 8 << 20);
            fleet.stop(0);
            Files.delete(segment(fleet, 0));
            Files.delete(
                    segment(fleet, 0).resolveSibling(segment(fleet, 0).getFileName() + ".sums"));
            fleet.restart(0);
            awaitRight(fleet, 0, wal.end(), wal.bytes(Fleet.START, wal.end()));
        }
    }

    /** All know that all of it is committed. */
    private static void write(Fleet fleet, SyntheticWal wal, int bytes) throws IOException {
        try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
            for (int written = 0; written < bytes; written += 50_000) {
                wal.append(50_000);
                proposer.flush(wal.writtenUpTo());
            }
            for (int i = 0; i < 3; i++) {
                int safekeeper = i;
                await().until(() ->
                        fleet.client(safekeeper).status(fleet.id).commit().equals(wal.end()));
            }
        }
    }

    @Test
    void withoutAnotherCopyDamageIsRefusedByName() throws Exception {
        try (Fleet fleet = new Fleet(directory, 1)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 2);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                for (int i = 0; i < 30; i++) {
                    wal.append(3000);
                    proposer.flush(wal.writtenUpTo());
                }
            }
            Lsn damaged = Fleet.START.plus(40_000);
            Path segment = segment(fleet, 0);
            flip(segment, WalSegments.segmentOffset(damaged));
            SafekeeperClient client = fleet.client(0);
            assertThatThrownBy(() -> client.read(fleet.id, Fleet.START, wal.end()))
                    .isInstanceOf(SafekeeperException.class)
                    .hasMessageContaining(segment.toString())
                    .hasMessageContaining(WalSegments.pageStart(damaged).toString());
            assertThatThrownBy(() -> client.stream(fleet.id, Fleet.START).next())
                    .isInstanceOf(SafekeeperException.class)
                    .hasMessageContaining(segment.toString());
            Lsn before = WalSegments.pageStart(damaged);
            assertThat(client.read(fleet.id, Fleet.START, before))
                    .isEqualTo(wal.bytes(Fleet.START, before));
        }
    }

    @Test
    void aTailThatWasAcknowledgedAndIsDamagedIsNotTakenForTorn() throws Exception {
        try (Fleet fleet = new Fleet(directory, 1)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 3);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                wal.append(2000);
                proposer.flush(wal.writtenUpTo());
                await().until(() -> fleet.client(0).status(fleet.id).commit().equals(wal.end()));
            }
            fleet.stop(0);
            Path segment = segment(fleet, 0);
            flip(segment, WalSegments.segmentOffset(wal.end()) - 100);
            fleet.restart(0);
            assertThatThrownBy(() -> fleet.client(0).status(fleet.id))
                    .isInstanceOf(SafekeeperException.class)
                    .hasMessageContaining(segment.toString());
        }
    }

    private static Path segment(Fleet fleet, int safekeeper) {
        return fleet.timelineDirectory(safekeeper)
                .resolve(WalSegments.fileName(WalSegments.segmentOf(Fleet.START)));
    }

    private static List<Path> files(Path timeline) throws IOException {
        try (Stream<Path> files = Files.list(timeline)) {
            return files.sorted().toList();
        }
    }

    private static void flip(Path file, Random random, int from, Lsn end) throws IOException {
        int to = WalSegments.segmentOffset(end);
        flip(file, from + random.nextInt(to - from));
    }

    private static void flip(Path file, int offset) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            one.put(0, (byte) (one.get(0) ^ 0x10)).rewind();
            channel.write(one, offset);
        }
    }
}
