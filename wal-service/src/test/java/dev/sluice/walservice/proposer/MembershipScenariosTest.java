package dev.sluice.walservice.proposer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.consensus.MembershipChange;
import dev.sluice.walservice.consensus.MembershipChange.Action;
import dev.sluice.walservice.consensus.MembershipChange.Input;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Neon's scenarios for membership, by their names there, with real safekeepers and sockets. */
@Timeout(value = 90, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class MembershipScenariosTest {
    @TempDir Path directory;

    @Test
    @DisplayName("test_quorum_sanity")
    void whichLivingSafekeepersOfAJointMembershipCanCommit() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 4, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 41);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 5);
                Configuration joint = fleet.configuration.jointWith(List.of(2L, 3L, 4L));
                fleet.client(3)
                        .createTimeline(
                                fleet.id, Fleet.SYSTEM, 17, fleet.configuration, Fleet.START);
                for (int i = 0; i < 4; i++) {
                    fleet.client(i).configure(fleet.id, joint, Term.NONE);
                }
                write(wal, proposer, 5);
                for (int i = 0; i < 4; i++) {
                    awaitFlush(fleet, wal, i);
                }
                for (Set<Long> away :
                        List.of(
                                Set.of(1L, 4L),
                                Set.of(1L),
                                Set.of(2L),
                                Set.of(4L),
                                Set.of(3L, 4L),
                                Set.of(1L, 2L),
                                Set.of(1L, 3L),
                                Set.of(2L, 3L))) {
                    for (long node : away) {
                        fleet.stop((int) node - 1);
                    }
                    boolean quorum = joint.isQuorum(node -> !away.contains(node));
                    assertThat(quorum).isEqualTo(!tooMany(away));
                    wal.append(300);
                    CompletableFuture<Lsn> commit =
                            CompletableFuture.supplyAsync(() -> flush(proposer, wal));
                    if (quorum) {
                        assertThat(commit.get(20, TimeUnit.SECONDS)).isEqualTo(wal.end());
                    } else {
                        for (long node = 1; node <= 4; node++) {
                            if (!away.contains(node)) {
                                awaitFlush(fleet, wal, (int) node - 1);
                            }
                        }
                        assertThat(commit).as("without %s", away).isNotDone();
                    }
                    for (long node : away) {
                        fleet.restart((int) node - 1);
                    }
                    assertThat(commit.get(20, TimeUnit.SECONDS)).isEqualTo(wal.end());
                }
                assertThat(proposer.flushStatus().fenced()).isFalse();
            }
        }
    }

    /** Two of {1, 2, 3}, or two of {2, 3, 4}. */
    private static boolean tooMany(Set<Long> away) {
        return away.stream().filter(node -> node <= 3).count() >= 2
                || away.stream().filter(node -> node >= 2).count() >= 2;
    }

    @Test
    @DisplayName("test_safekeeper_migration_simple")
    void theSafekeepersAreChangedWhileItIsWritten() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 6, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 42);
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger acknowledged = new AtomicInteger();
            Configuration now = fleet.configuration;
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                CompletableFuture<Void> writer =
                        CompletableFuture.runAsync(() -> {
                            while (!over.get()) {
                                Lsn end = wal.append(300);
                                assertThat(flush(proposer, wal)).isGreaterThanOrEqualTo(end);
                                acknowledged.incrementAndGet();
                            }
                        });
                awaitMore(acknowledged);
                fleet.stop(2); // dead for good
                awaitMore(acknowledged);
                now = change(fleet, now, List.of(1L, 2L, 4L));
                awaitMore(acknowledged);
                now = change(fleet, now, List.of(1L, 5L, 6L));
                awaitMore(acknowledged);
                now = change(fleet, now, List.of(4L + 1, 6L, 1L));
                over.set(true);
                writer.get(20, TimeUnit.SECONDS);
                assertThat(now.members()).containsExactly(1L, 5L, 6L);
                assertThat(proposer.flushStatus().fenced()).isFalse();
                assertThat(proposer.flushStatus().safekeepers())
                        .extracting(FlushStatus.Peer::node)
                        .containsExactlyInAnyOrder(1L, 5L, 6L);
                for (int i : List.of(0, 4, 5)) {
                    awaitFlush(fleet, wal, i);
                }
            }
            // The replaced one comes back, and nobody listens to it: it votes for nobody.
            fleet.restart(2);
            fleet.stop(0);
            SyntheticWal nothing = new SyntheticWal(wal.end(), wal.previous(), 43);
            try (WalProposer next = WalProposer.elect(fleet.config(), nothing)) {
                assertThat(next.startLsn()).isEqualTo(wal.end());
                nothing.append(100);
                next.flush(nothing.writtenUpTo());
            }
            fleet.stop(4);
            assertThatThrownBy(
                            () -> WalProposer.elect(fleet.config(Duration.ofSeconds(1)), nothing))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no quorum");
            assertThat(fleet.client(5).read(fleet.id, Fleet.START, wal.end()))
                    .isEqualTo(wal.bytes(Fleet.START, wal.end()));
        }
    }

    @Test
    void whatWasLeftUncommittedMovesWithNoComputeRunning() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 4, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 44);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                write(wal, proposer, 10);
                fleet.stop(0);
                fleet.stop(1);
                wal.append(200_000);
                CompletableFuture<Lsn> never =
                        CompletableFuture.supplyAsync(() -> flush(proposer, wal));
                awaitFlush(fleet, wal, 2);
                assertThat(never).isNotDone();
            }
            fleet.restart(1);
            Configuration now = change(fleet, fleet.configuration, List.of(2L, 3L, 4L));
            assertThat(now.generation()).isEqualTo(3);
            assertThat(fleet.client(3).status(fleet.id).flush()).isEqualTo(wal.end());
        }
    }

    /**
     * Drives a change as the control plane does, with this method's variable as what is remembered.
     */
    private static Configuration change(Fleet fleet, Configuration from, List<Long> target) {
        Remembered remembered = new Remembered(from);
        List<Long> leaving = from.members().stream().filter(n -> !target.contains(n)).toList();
        MembershipChange.State[] state = {MembershipChange.State.of(target, leaving, from)};
        await().atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    MembershipChange.Step step = MembershipChange.step(state[0], new Input.Tick());
                    state[0] = step.state();
                    boolean finished = false;
                    for (Action action : step.actions()) {
                        finished |= action instanceof Action.Finish;
                        for (Input input : perform(fleet, remembered, action)) {
                            state[0] = MembershipChange.step(state[0], input).state();
                        }
                    }
                    return finished;
                });
        return remembered.configuration;
    }

    /** What the control plane would have in its catalog. */
    private static final class Remembered {
        private Configuration configuration;

        Remembered(Configuration configuration) {
            this.configuration = configuration;
        }
    }

    private static List<Input> perform(Fleet fleet, Remembered remembered, Action action) {
        try {
            switch (action) {
                case Action.Join(long node, Configuration configuration) -> {
                    fleet.client((int) node - 1)
                            .createTimeline(fleet.id, Fleet.SYSTEM, 17, configuration, Fleet.START);
                    return List.of(
                            new Input.Reported(fleet.client((int) node - 1).report(fleet.id)));
                }
                case Action.Configure(long node, Configuration configuration, Term term) -> {
                    return List.of(
                            new Input.Reported(
                                    fleet.client((int) node - 1)
                                            .configure(fleet.id, configuration, term)));
                }
                case Action.Remember(Configuration before, Configuration next) -> {
                    assertThat(remembered.configuration).isEqualTo(before);
                    remembered.configuration = next;
                    return List.of(new Input.Remembered(next));
                }
                case Action.Leave(long node) ->
                        fleet.client((int) node - 1).leaveTimeline(fleet.id);
                case Action.Recall _, Action.Finish _ -> {}
            }
        } catch (IOException away) {
            // it is dead for good
        }
        return List.of();
    }

    private static void awaitMore(AtomicInteger acknowledged) {
        int before = acknowledged.get();
        await().atMost(Duration.ofSeconds(20)).until(() -> acknowledged.get() > before + 50);
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
        await().atMost(Duration.ofSeconds(20))
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> fleet.client(safekeeper).status(fleet.id).flush().equals(wal.end()));
    }
}
