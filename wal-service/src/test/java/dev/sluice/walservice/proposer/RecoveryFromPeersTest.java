package dev.sluice.walservice.proposer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What safekeepers get from each other. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RecoveryFromPeersTest {
    @TempDir Path directory;

    @Test
    void oneThatWasAwayCatchesUpWithNoComputeRunning() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 21);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 5);
                fleet.stop(2);
                write(wal, proposer, 60);
            }
            fleet.restart(2);
            awaitWhole(fleet, 2, wal);
        }
    }

    @Test
    void oneThatLostItsDiskIsFilledWithNoComputeRunningAndVotesAgainLater() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 22);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 40);
            }
            await().until(() -> fleet.client(1).status(fleet.id).flush().equals(wal.end()));
            fleet.loseDisk(2);
            awaitWhole(fleet, 2, wal);

            // It holds all, but does not know what it has promised: with it there is no quorum.
            fleet.stop(0);
            assertThatThrownBy(() -> WalProposer.elect(fleet.config(Duration.ofMillis(500)), wal))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no quorum");
            fleet.restart(0);

            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 3);
                awaitWhole(fleet, 2, wal);
            }
            fleet.stop(0);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                assertThat(proposer.startLsn()).isEqualTo(wal.end());
                write(wal, proposer, 3);
            }
        }
    }

    @Test
    void oneIsNotStartedOnACopyOfAnothersDirectory() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 27);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 5);
                fleet.stop(0);
                write(wal, proposer, 5);
            }
            fleet.stop(1);
            fleet.stop(2);
            Path own = directory.resolve("own");
            Files.move(fleet.directory(1), own);
            copy(fleet.directory(0), fleet.directory(1));
            // With its vote the first two would elect a compute that lacks what the last two have.
            assertThatThrownBy(() -> fleet.restart(1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is the directory of safekeeper 1, not of safekeeper 2");

            copy(own, fleet.directory(1));
            fleet.restart(0);
            fleet.restart(1);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                assertThat(proposer.startLsn()).isEqualTo(wal.end());
            }
        }
    }

    @Test
    void aDirectoryThatDoesNotSayWhoseItIsIsWhoseItIsUsedAs() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 1)) {
            Path number = fleet.directory(0).resolve("number");
            assertThat(number).hasContent("1");
            fleet.stop(0);
            Files.delete(number);
            fleet.restart(0);
            assertThat(number).hasContent("1");
        }
    }

    @Test
    void oneThatTheComputeDoesNotReachIsFilledWhileItRuns() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 23);
            ProposerConfig cutOff = fleet.configWith(2, directory.resolve("nowhere.sock"));
            try (WalProposer proposer = WalProposer.elect(cutOff, wal)) {
                write(wal, proposer, 50);
                awaitWhole(fleet, 2, wal);
                assertThat(proposer.flushStatus().fenced()).isFalse();
                write(wal, proposer, 10);
                awaitWhole(fleet, 2, wal);
            }
        }
    }

    @Test
    void aDeletedTimelineDoesNotComeBackFromOneThatWasAway() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            fleet.stop(2);
            fleet.client(0).deleteTimeline(fleet.id);
            fleet.client(1).deleteTimeline(fleet.id);
            fleet.restart(2);
            fleet.restart(1);
            await().during(Duration.ofMillis(2500))
                    .until(() ->
                            fleet.client(0).timelines().isEmpty()
                                    && fleet.client(1).timelines().isEmpty());
            assertThatThrownBy(() ->
                            fleet.client(0)
                                    .createTimeline(
                                            fleet.id,
                                            Fleet.SYSTEM,
                                            17,
                                            fleet.configuration,
                                            Fleet.START))
                    .isInstanceOf(SafekeeperException.class)
                    .hasMessageContaining("was deleted");
        }
    }

    @Test
    void oneThatIsSlowToBeGivenANewTimelineDoesNotTakeItForLostAndVotes() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3)) {
            TenantTimelineId born = new TenantTimelineId(TenantId.random(), TimelineId.random());
            fleet.client(0)
                    .createTimeline(born, Fleet.SYSTEM, 17, fleet.configuration, Fleet.START);
            await().during(Duration.ofMillis(2500))
                    .until(() ->
                            fleet.client(1).timelines().size() == 1
                                    && fleet.client(2).timelines().size() == 1);
            for (int i = 1; i < 3; i++) {
                fleet.client(i)
                        .createTimeline(born, Fleet.SYSTEM, 17, fleet.configuration, Fleet.START);
            }
            SyntheticWal wal = new SyntheticWal(Fleet.START, 31);
            ProposerConfig config =
                    new ProposerConfig(
                            born,
                            17,
                            Fleet.SYSTEM,
                            fleet.configuration,
                            fleet.config().addresses(),
                            Duration.ofSeconds(20));
            fleet.stop(0);
            try (WalProposer proposer = WalProposer.elect(config, wal)) {
                wal.append(100);
                assertThat(proposer.flush(wal.writtenUpTo())).isEqualTo(wal.end());
            }
        }
    }

    /** In the place of what is there. */
    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> there = Files.exists(to) ? Files.walk(to) : Stream.empty()) {
            for (Path path : there.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
        try (Stream<Path> paths = Files.walk(from)) {
            for (Path path : paths.toList()) {
                Files.copy(path, to.resolve(from.relativize(path)));
            }
        }
    }

    private static void awaitWhole(Fleet fleet, int safekeeper, SyntheticWal wal)
            throws IOException {
        await().ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> {
                    TimelineStatus status = fleet.client(safekeeper).status(fleet.id);
                    return status.flush().equals(wal.end()) && status.commit().equals(wal.end());
                });
        assertThat(fleet.client(safekeeper).read(fleet.id, Fleet.START, wal.end()))
                .isEqualTo(wal.bytes(Fleet.START, wal.end()));
    }

    private static void write(SyntheticWal wal, WalProposer proposer, int records)
            throws IOException {
        for (int i = 0; i < records; i++) {
            wal.append(100 + 97 * i);
            proposer.flush(wal.writtenUpTo());
        }
    }
}
