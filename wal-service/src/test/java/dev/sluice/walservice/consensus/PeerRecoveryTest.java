package dev.sluice.walservice.consensus;

import static dev.sluice.walservice.consensus.TermHistoryTest.history;
import static dev.sluice.walservice.consensus.TermHistoryTest.lsn;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PeerRecoveryTest {
    private static final Configuration THREE = Configuration.first(List.of(1L, 2L, 3L));

    @Test
    void committedWalIsCopiedAndTheRestIsNot() {
        Acceptor.Step step =
                compare(acceptor(1, history(1, 800), 840, 880), report(1, 1000, 960, 1));
        assertThat(step.actions()).containsExactly(copy(0, 880, 960, history(1, 800)));
        AcceptorState copied =
                Acceptor.step(
                                1,
                                step.state(),
                                new AcceptorInput.Copied(1, lsn(880), ByteBuffer.allocate(80)))
                        .state();
        Acceptor.Step flushed =
                Acceptor.step(1, copied, new AcceptorInput.Flushed(1, lsn(960), lsn(960)));
        assertThat(flushed.state().control().commit()).isEqualTo(lsn(960));
    }

    @Test
    void theDonorHasTheHighestLastTermThenTheLongestLog() {
        PeerReport longer = report(new Term(2), lsn(800), lsn(2000), lsn(800), history(1, 800));
        PeerReport newer =
                report(new Term(2), lsn(800), lsn(1000), lsn(960), history(1, 800, 2, 900));
        Acceptor.Step step = compare(acceptor(1, history(1, 800), 800, 880), longer, newer);
        assertThat(step.actions()).last().isEqualTo(copy(1, 880, 960, history(1, 800, 2, 900)));
    }

    @Test
    void whatAQuorumHasOfATermIsCommittedAlthoughNobodyWasTold() {
        AcceptorState state = acceptor(1, history(1, 800), 800, 880);
        assertThat(compare(state, report(1, 1000, 800, 1)).state().control().commit())
                .isEqualTo(lsn(880));
        PeerReport heardOfALaterTerm = report(2, 1000, 800, 1);
        assertThat(compare(state, heardOfALaterTerm).state()).isEqualTo(state);
    }

    @Test
    void aTailThatIsNotOfTheCommittedLogIsCutOff() {
        Acceptor.Step step =
                compare(
                        acceptor(3, history(1, 800, 3, 840), 840, 960),
                        report(
                                new Term(4),
                                lsn(800),
                                lsn(1000),
                                lsn(920),
                                history(1, 800, 4, 880)));
        assertThat(step.actions().get(0)).isEqualTo(new AcceptorAction.Truncate(lsn(840)));
        assertThat(step.actions().get(1)).isInstanceOf(AcceptorAction.Persist.class);
        assertThat(step.state().control().history()).isEqualTo(history(1, 800, 4, 880));
        assertThat(step.state().control().term()).isEqualTo(new Term(4));
        assertThat(step.actions()).last().isEqualTo(copy(0, 840, 920, history(1, 800, 4, 880)));
    }

    @Test
    void whatIsCommittedHereIsNeverCutOff() {
        Acceptor.Step step =
                compare(
                        acceptor(3, history(1, 800, 3, 840), 920, 960),
                        report(
                                new Term(4),
                                lsn(800),
                                lsn(1000),
                                lsn(960),
                                history(1, 800, 4, 880)));
        assertThat(step.actions()).singleElement().isInstanceOf(AcceptorAction.Refuse.class);
    }

    private static AcceptorState acceptor(long term, TermHistory history, long commit, long end) {
        return AcceptorState.recovered(
                TimelineControl.born(SimulatedAcceptor.ID, 42, 17, THREE, lsn(800))
                        .withTerm(new Term(term))
                        .withHistory(history)
                        .withCommit(lsn(commit)),
                lsn(end));
    }

    private static PeerReport report(long term, long flush, long commit, long lastTerm) {
        return report(new Term(term), lsn(800), lsn(flush), lsn(commit), history(lastTerm, 800));
    }

    private static PeerReport report(
            Term term, Lsn start, Lsn flush, Lsn commit, TermHistory history) {
        return new PeerReport(2, THREE, true, term, start, flush, commit, history);
    }

    private static AcceptorAction copy(int peer, long from, long to, TermHistory history) {
        return new AcceptorAction.Copy(peer, lsn(from), lsn(to), 1, history);
    }

    private static Acceptor.Step compare(AcceptorState state, PeerReport... peers) {
        return Acceptor.step(1, state, new AcceptorInput.PeersReported(List.of(peers)));
    }
}
