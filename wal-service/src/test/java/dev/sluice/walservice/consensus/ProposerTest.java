package dev.sluice.walservice.consensus;

import static dev.sluice.walservice.consensus.TermHistoryTest.history;
import static dev.sluice.walservice.consensus.TermHistoryTest.lsn;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ProposerTest {
    private static final Configuration THREE = Configuration.first(List.of(1L, 2L, 3L));

    @Test
    void asksForATermAboveAllSeenOnceAQuorumGreeted() {
        Run run = new Run();
        assertThat(run.receive(0, new AcceptorMessage.Greeted(1, THREE, new Term(4), Term.NONE)))
                .isEmpty();
        assertThat(run.receive(1, new AcceptorMessage.Greeted(2, THREE, new Term(7), Term.NONE)))
                .containsExactly(ask(0, 8), ask(1, 8));
        assertThat(run.receive(2, new AcceptorMessage.Greeted(3, THREE, new Term(1), Term.NONE)))
                .containsExactly(ask(2, 8));
    }

    @Test
    void aHigherTermMakesACandidateTryAgainAndALeaderStop() {
        Run run = new Run().greetedByAll(0);
        run.receive(0, new AcceptorMessage.Greeted(1, THREE, new Term(5), Term.NONE));
        assertThat(run.step(new ProposerInput.Roused())).contains(ask(0, 6), ask(1, 6), ask(2, 6));
        run.receive(0, vote(6, 800, history(1, 800)));
        run.receive(1, vote(6, 800, history(1, 800)));
        assertThat(run.state.role()).isInstanceOf(Role.Leader.class);
        run.receive(0, new AcceptorMessage.Appended(1, new Term(9), lsn(8), lsn(8), lsn(8)));
        assertThat(run.state.role()).isEqualTo(new Role.Fenced(new Term(6), new Term(9)));
    }

    @Test
    void aCandidateThatIsOutrunRestsUntilItIsRoused() {
        Run run = new Run().greetedByAll(0);
        run.receive(1, vote(1, 800, TermHistory.EMPTY));
        AcceptorMessage refused =
                new AcceptorMessage.Voted(
                        1,
                        new Term(4),
                        AcceptorMessage.Ballot.REFUSED,
                        lsn(800),
                        lsn(800),
                        TermHistory.EMPTY);
        assertThat(run.receive(2, refused)).isEmpty();
        assertThat(run.state.role()).isEqualTo(new Role.Resting());
        assertThat(run.receive(0, vote(1, 800, TermHistory.EMPTY))).isEmpty();
        assertThat(run.step(new ProposerInput.Roused()))
                .containsExactly(ask(0, 5), ask(1, 5), ask(2, 5));
        assertThat(run.step(new ProposerInput.Roused())).isEmpty();
    }

    @Test
    void theDonorHasTheHighestLastTermThenTheLongestLog() {
        Run run = new Run().greetedByAll(2);
        run.receive(0, vote(3, 2000, history(1, 800)));
        List<ProposerAction> actions = run.receive(2, vote(3, 1000, history(1, 800, 2, 900)));
        TermHistory elected = history(1, 800, 2, 900, 3, 1000);
        assertThat(run.state.role())
                .isEqualTo(new Role.Leader(new Term(3), lsn(1000), elected, lsn(800), 2));
        assertThat(actions)
                .containsExactly(
                        new ProposerAction.Send(
                                0,
                                new ProposerMessage.Elected(
                                        1, new Term(3), lsn(900), lsn(1000), elected)),
                        new ProposerAction.Send(
                                2,
                                new ProposerMessage.Elected(
                                        1, new Term(3), lsn(1000), lsn(1000), elected)));
    }

    @Test
    void committedIsWhatAQuorumHasButNothingBeforeTheTermsStart() {
        Run run = new Run().greetedByAll(2);
        run.receive(0, vote(3, 900, history(1, 800)));
        run.receive(1, vote(3, 1000, history(2, 800)));
        run.receive(2, vote(3, 800, TermHistory.EMPTY));
        run.ack(0, 900);
        run.ack(2, 800);
        assertThat(run.state.commit()).isEqualTo(Lsn.INVALID);
        run.ack(1, 1000);
        assertThat(run.state.commit()).isEqualTo(Lsn.INVALID);
        run.ack(0, 1000);
        assertThat(run.state.commit()).isEqualTo(lsn(1000));
        run.step(new ProposerInput.Available(lsn(1200)));
        run.ack(2, 1200);
        assertThat(run.state.commit()).isEqualTo(lsn(1000));
        run.step(new ProposerInput.Disconnected(2));
        run.ack(1, 1100);
        assertThat(run.state.commit()).isEqualTo(lsn(1100));
    }

    @Test
    void appendsStopAtTheStartAndAtTheWindow() {
        Run run = new Run().greetedByAll(0);
        run.receive(0, vote(1, 1000, TermHistory.EMPTY));
        run.receive(1, vote(1, 800, TermHistory.EMPTY));
        run.step(new ProposerInput.Available(lsn(5000)));
        assertThat(run.send(1, 4096))
                .containsExactly(
                        new ProposerAction.SendAppend(1, 1, lsn(800), lsn(1000), Lsn.INVALID));
        assertThat(run.send(1, 1000))
                .containsExactly(
                        new ProposerAction.SendAppend(1, 1, lsn(1000), lsn(1800), Lsn.INVALID));
        assertThat(run.send(1, 1000)).isEmpty();
    }

    @Test
    void aNewCommitIsToldOnceEvenWithNothingToAppend() {
        Run run = new Run().greetedByAll(0);
        run.receive(0, vote(1, 800, TermHistory.EMPTY));
        run.receive(1, vote(1, 800, TermHistory.EMPTY));
        run.ack(0, 800);
        run.ack(1, 800);
        assertThat(run.send(0, 1000))
                .containsExactly(new ProposerAction.SendAppend(0, 1, lsn(800), lsn(800), lsn(800)));
        assertThat(run.send(0, 1000)).isEmpty();
    }

    private static ProposerAction ask(int peer, long term) {
        return new ProposerAction.Send(peer, new ProposerMessage.VoteRequest(1, new Term(term)));
    }

    private static AcceptorMessage vote(long term, long flush, TermHistory history) {
        return new AcceptorMessage.Voted(
                1, new Term(term), AcceptorMessage.Ballot.GIVEN, lsn(800), lsn(flush), history);
    }

    /** A proposer of three acceptors, and what it was told. */
    private static final class Run {
        private ProposerState state = ProposerState.initial(THREE);

        Run greetedByAll(long term) {
            for (int peer = 0; peer < 3; peer++) {
                receive(
                        peer,
                        new AcceptorMessage.Greeted(peer + 1, THREE, new Term(term), Term.NONE));
            }
            return this;
        }

        List<ProposerAction> receive(int peer, AcceptorMessage message) {
            return step(new ProposerInput.Received(peer, message));
        }

        List<ProposerAction> send(int peer, int window) {
            return step(new ProposerInput.Writable(peer, window));
        }

        void ack(int peer, long flush) {
            Term term = ((Role.Leader) state.role()).term();
            receive(peer, new AcceptorMessage.Appended(1, term, lsn(flush), lsn(flush), lsn(800)));
        }

        List<ProposerAction> step(ProposerInput input) {
            Proposer.Step step = Proposer.step(state, input);
            state = step.state();
            return step.actions();
        }
    }
}
