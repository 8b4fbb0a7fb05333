package dev.sluice.walservice.consensus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.walservice.consensus.MembershipChange.Action;
import dev.sluice.walservice.consensus.MembershipChange.Input;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MembershipChangeTest {
    private static final List<Long> TARGET = List.of(2L, 3L, 4L);
    private static final Configuration THREE = Configuration.first(List.of(1L, 2L, 3L));
    private static final Configuration JOINT = THREE.jointWith(TARGET);
    private static final Configuration AFTER = JOINT.concluded();

    @Test
    void whoJoinsIsFilledBeforeCommitsWaitForIt() {
        Run run = new Run(THREE);
        assertThat(run.tick()).contains(new Action.Join(4, THREE), configure(1, THREE, 0));
        run.hear(1, THREE, 5, 5, 900, 880);
        run.hear(2, THREE, 5, 5, 960, 880);
        run.hear(4, THREE, 0, 0, 800, 800);
        assertThat(run.tick()).contains(new Action.Join(4, THREE));
        run.hear(4, THREE, 5, 5, 880, 880);
        assertThat(run.tick()).containsExactly(new Action.Remember(THREE, JOINT));
    }

    @Test
    void theSwitchWaitsForTheLogAndTheTermOfTheMembers() {
        Run run = new Run(JOINT);
        assertThat(run.tick())
                .containsExactly(
                        configure(1, JOINT, 0),
                        configure(2, JOINT, 0),
                        configure(3, JOINT, 0),
                        configure(4, JOINT, 0),
                        new Action.Recall());
        run.hear(4, JOINT, 9, 4, 2000, 800);
        run.hear(1, JOINT, 6, 5, 960, 900);
        assertThat(run.tick()).contains(configure(1, JOINT, 0));
        run.hear(2, JOINT, 7, 4, 1500, 900);
        assertThat(run.tick())
                .containsExactly(
                        configure(2, JOINT, 7),
                        configure(3, JOINT, 7),
                        configure(4, JOINT, 7),
                        new Action.Recall());
        run.hear(2, JOINT, 7, 5, 960, 900);
        run.hear(3, JOINT, 6, 5, 2000, 900);
        assertThat(run.tick()).doesNotContain(new Action.Remember(JOINT, AFTER));
        run.hear(3, JOINT, 7, 5, 959, 900);
        run.hear(4, JOINT, 9, 4, 3000, 900);
        assertThat(run.tick()).doesNotContain(new Action.Remember(JOINT, AFTER));
        run.hear(4, JOINT, 9, 5, 960, 900);
        assertThat(run.tick()).containsExactly(new Action.Remember(JOINT, AFTER));
    }

    @Test
    void whoLostItsDiskDoesNotCount() {
        Run run = new Run(JOINT);
        run.hear(1, JOINT, 6, 5, 960, 900);
        run.hear(
                new PeerReport(
                        2, JOINT, false, new Term(6), lsn(800), lsn(990), lsn(900), history()));
        assertThat(run.tick()).contains(configure(1, JOINT, 0));
        run.hear(3, JOINT, 6, 5, 960, 900);
        assertThat(run.tick()).contains(configure(4, JOINT, 6));
    }

    @Test
    void theOldOneLeavesWhenAMajorityKnows() {
        Run run = new Run(AFTER);
        assertThat(run.tick()).hasSize(4).doesNotContain(new Action.Leave(1));
        run.hear(2, AFTER, 6, 5, 960, 900);
        run.hear(3, AFTER, 6, 5, 960, 900);
        assertThat(run.tick()).containsExactly(new Action.Leave(1), new Action.Finish());
    }

    @Test
    void oneThatIsOutrunRecallsWhatIsRemembered() {
        Run run = new Run(THREE);
        assertThat(run.hear(2, JOINT, 5, 5, 900, 900)).containsExactly(new Action.Recall());
        run.step(new Input.Remembered(AFTER));
        assertThat(run.state.configuration()).isEqualTo(AFTER);
        run.step(new Input.Remembered(JOINT));
        assertThat(run.state.configuration()).isEqualTo(AFTER);
        Configuration later = AFTER.jointWith(List.of(5L)).concluded();
        run.step(new Input.Remembered(later));
        assertThat(run.tick()).containsExactly(new Action.Finish());
    }

    private static Action configure(long node, Configuration configuration, long term) {
        return new Action.Configure(node, configuration, new Term(term));
    }

    private static Lsn lsn(long value) {
        return new Lsn(value);
    }

    private static TermHistory history() {
        return new TermHistory(List.of(new TermStart(new Term(5), lsn(800))));
    }

    /** A change of {1, 2, 3} to {2, 3, 4}. */
    private static final class Run {
        private MembershipChange.State state;

        Run(Configuration remembered) {
            state = MembershipChange.State.of(TARGET, List.of(1L), remembered);
        }

        List<Action> tick() {
            return step(new Input.Tick());
        }

        List<Action> hear(
                long node,
                Configuration configuration,
                long term,
                long last,
                long flush,
                long commit) {
            TermHistory history =
                    last == 0
                            ? TermHistory.EMPTY
                            : new TermHistory(List.of(new TermStart(new Term(last), lsn(800))));
            return hear(
                    new PeerReport(
                            node,
                            configuration,
                            true,
                            new Term(term),
                            lsn(800),
                            lsn(flush),
                            lsn(commit),
                            history));
        }

        List<Action> hear(PeerReport report) {
            return step(new Input.Reported(report));
        }

        List<Action> step(Input input) {
            MembershipChange.Step step = MembershipChange.step(state, input);
            state = step.state();
            return step.actions();
        }
    }
}
