package dev.sluice.walservice.consensus;

import static dev.sluice.walservice.consensus.TermHistoryTest.history;
import static dev.sluice.walservice.consensus.TermHistoryTest.lsn;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.walservice.consensus.AcceptorMessage.Ballot;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AcceptorTest {
    private static final Configuration THREE = Configuration.first(List.of(1L, 2L, 3L));
    private static final TimelineControl CONTROL =
            TimelineControl.born(SimulatedAcceptor.ID, 42, 17, THREE, lsn(800));

    @Test
    void aVoteIsPersistedBeforeItIsTold() {
        Acceptor.Step step = receive(empty(), new ProposerMessage.VoteRequest(1, new Term(3)));
        assertThat(step.actions())
                .containsExactly(
                        new AcceptorAction.Persist(CONTROL.withTerm(new Term(3))),
                        new AcceptorAction.Reply(
                                new AcceptorMessage.Voted(
                                        1,
                                        new Term(3),
                                        Ballot.GIVEN,
                                        lsn(800),
                                        lsn(800),
                                        TermHistory.EMPTY)),
                        new AcceptorAction.Notify(
                                new AcceptorMessage.Appended(
                                        1, new Term(3), lsn(800), lsn(800), lsn(800))));
    }

    @Test
    void aTermIsVotedForOnce() {
        AcceptorState voted =
                receive(empty(), new ProposerMessage.VoteRequest(1, new Term(3))).state();
        for (long term = 1; term <= 3; term++) {
            Acceptor.Step again =
                    receive(voted, new ProposerMessage.VoteRequest(1, new Term(term)));
            assertThat(again.state()).isEqualTo(voted);
            assertThat(again.actions())
                    .singleElement()
                    .isInstanceOfSatisfying(
                            AcceptorAction.Reply.class,
                            reply ->
                                    assertThat(((AcceptorMessage.Voted) reply.message()).ballot())
                                            .isEqualTo(Ballot.REFUSED));
        }
    }

    @Test
    void appendsOfAnOlderTermAreAnsweredWithTheNewer() {
        AcceptorState voted =
                receive(leading(1), new ProposerMessage.VoteRequest(1, new Term(2))).state();
        Acceptor.Step step = receive(voted, append(1, 800, 800, 8));
        assertThat(step.state()).isEqualTo(voted);
        assertThat(step.actions())
                .containsExactly(
                        new AcceptorAction.Reply(
                                new AcceptorMessage.Appended(
                                        1, new Term(2), lsn(800), lsn(800), lsn(800))));
    }

    @Test
    void gapsAndOverlapsAreRefused() {
        AcceptorState state = receive(leading(1), append(1, 800, 800, 16)).state();
        for (long begin : List.of(800L, 808L, 824L)) {
            assertThat(receive(state, append(1, begin, 800, 8)).actions())
                    .singleElement()
                    .isInstanceOf(AcceptorAction.Refuse.class);
        }
    }

    @Test
    void anAppendIsAnsweredWhenItIsFlushedAndCommitNeverPassesFlush() {
        Acceptor.Step written = receive(leading(1), append(1, 800, 810, 16));
        assertThat(written.actions()).singleElement().isInstanceOf(AcceptorAction.Write.class);
        assertThat(written.state().control().commit()).isEqualTo(lsn(800));
        Acceptor.Step flushed =
                Acceptor.step(
                        1,
                        written.state(),
                        new AcceptorInput.Flushed(written.state().session(), lsn(816), lsn(808)));
        assertThat(flushed.actions())
                .containsExactly(
                        new AcceptorAction.Reply(
                                new AcceptorMessage.Appended(
                                        1, new Term(1), lsn(808), lsn(816), lsn(808))));
    }

    @Test
    void whatWasFlushedForAnEarlierConversationIsForgotten() {
        AcceptorState written = receive(leading(1), append(1, 800, 800, 16)).state();
        AcceptorState again =
                receive(
                                written,
                                new ProposerMessage.Elected(
                                        1, new Term(1), lsn(800), lsn(800), history(1, 800)))
                        .state();
        Acceptor.Step late =
                Acceptor.step(
                        1, again, new AcceptorInput.Flushed(written.session(), lsn(816), lsn(816)));
        assertThat(late.state()).isEqualTo(again);
        assertThat(late.actions()).isEmpty();
    }

    @Test
    void aDivergedTailIsRemovedBeforeTheNewHistoryIsPersisted() {
        AcceptorState diverged = log(history(1, 800, 2, 880), 2, 800, 960);
        TermHistory newer = history(1, 800, 3, 840);
        Acceptor.Step step =
                receive(
                        diverged,
                        new ProposerMessage.Elected(1, new Term(3), lsn(840), lsn(840), newer));
        assertThat(step.actions().get(0)).isEqualTo(new AcceptorAction.Truncate(lsn(840)));
        assertThat(step.actions().get(1)).isInstanceOf(AcceptorAction.Persist.class);
        assertThat(step.actions().get(2)).isInstanceOf(AcceptorAction.Reply.class);
        assertThat(step.state().flush()).isEqualTo(lsn(840));
    }

    @Test
    void nothingCommittedIsRemoved() {
        AcceptorState diverged = log(history(1, 800, 2, 880), 2, 848, 960);
        Acceptor.Step step =
                receive(
                        diverged,
                        new ProposerMessage.Elected(
                                1, new Term(3), lsn(840), lsn(840), history(1, 800, 3, 840)));
        assertThat(step.state()).isEqualTo(diverged);
        assertThat(step.actions())
                .singleElement()
                .isInstanceOfSatisfying(
                        AcceptorAction.Refuse.class,
                        refuse -> assertThat(refuse.reason()).contains("below the committed"));
    }

    @Test
    void anotherSystemsProposerIsRefused() {
        Acceptor.Step step =
                receive(
                        empty(),
                        new ProposerMessage.Greeting(
                                SimulatedAcceptor.ID, THREE, 43, 17, 16 << 20));
        assertThat(step.actions())
                .singleElement()
                .isInstanceOfSatisfying(
                        AcceptorAction.Refuse.class,
                        refuse -> assertThat(refuse.refusal()).isEqualTo(Refusal.OTHER_TIMELINE));
    }

    @Test
    void oneThatLostItsDiskNeitherVotesNorAcknowledgesInTermsItMayHaveForgotten() {
        AcceptorState lost = lost(5);
        Acceptor.Step asked = receive(lost, new ProposerMessage.VoteRequest(1, new Term(6)));
        assertThat(asked.actions())
                .contains(
                        new AcceptorAction.Reply(
                                new AcceptorMessage.Voted(
                                        1,
                                        new Term(6),
                                        Ballot.ABSTAINED,
                                        lsn(800),
                                        lsn(800),
                                        TermHistory.EMPTY)));
        Acceptor.Step filled = fill(lost, 5);
        assertThat(filled.actions())
                .containsExactly(
                        new AcceptorAction.Reply(
                                new AcceptorMessage.Appended(
                                        1, new Term(5), Lsn.INVALID, lsn(816), lsn(800))));
        assertThat(filled.state().control().votes()).isFalse();
        assertThat(filled.state().report(1).term()).isEqualTo(Term.NONE);
    }

    @Test
    void itVotesAgainWhenTheLeaderOfALaterTermHasFilledIt() {
        long later = 5 + TimelineControl.FORGOTTEN_TERMS + 1;
        Acceptor.Step filled = fill(lost(5), later);
        assertThat(filled.actions().getFirst())
                .isEqualTo(new AcceptorAction.Persist(filled.state().control()));
        assertThat(filled.state().control().votes()).isTrue();
        assertThat(
                        receive(
                                        filled.state(),
                                        new ProposerMessage.VoteRequest(1, new Term(later + 1)))
                                .actions())
                .contains(
                        new AcceptorAction.Reply(
                                new AcceptorMessage.Voted(
                                        1,
                                        new Term(later + 1),
                                        Ballot.GIVEN,
                                        lsn(800),
                                        lsn(816),
                                        history(later, 800))));
    }

    private static AcceptorState lost(long term) {
        return AcceptorState.recovered(
                TimelineControl.lost(SimulatedAcceptor.ID, 42, 17, THREE, lsn(800), new Term(term)),
                lsn(800));
    }

    /** A leader whose log ends at 816 gives it all. */
    private static Acceptor.Step fill(AcceptorState lost, long term) {
        AcceptorState told =
                receive(
                                lost,
                                new ProposerMessage.Elected(
                                        1, new Term(term), lsn(800), lsn(816), history(term, 800)))
                        .state();
        AcceptorState written = receive(told, append(term, 800, 800, 16)).state();
        return Acceptor.step(
                1, written, new AcceptorInput.Flushed(written.session(), lsn(816), lsn(816)));
    }

    private static AcceptorState empty() {
        return AcceptorState.recovered(CONTROL, lsn(800));
    }

    private static AcceptorState leading(long term) {
        return receive(
                        empty(),
                        new ProposerMessage.Elected(
                                1, new Term(term), lsn(800), lsn(800), history(term, 800)))
                .state();
    }

    private static AcceptorState log(TermHistory history, long term, long commit, long end) {
        return AcceptorState.recovered(
                CONTROL.withTerm(new Term(term)).withHistory(history).withCommit(lsn(commit)),
                lsn(end));
    }

    private static ProposerMessage append(long term, long begin, long commit, int length) {
        return new ProposerMessage.Append(
                1, new Term(term), lsn(begin), lsn(commit), ByteBuffer.allocate(length));
    }

    private static Acceptor.Step receive(AcceptorState state, ProposerMessage message) {
        return Acceptor.step(1, state, new AcceptorInput.Received(message));
    }
}
