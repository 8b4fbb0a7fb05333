package dev.sluice.walservice.consensus;

import dev.sluice.walservice.consensus.Acceptor.Step;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How an acceptor catches up from the others while no proposer fills it: it copies what is
 * committed, and nothing else.
 *
 * <p>Committed WAL is in the log of every later leader. So to have it is right in any term, no term
 * need be raised and no proposer fenced for it, and where the own log differs from it, the own log
 * is what was never committed. What comes after it is left to the next leader, who decides about
 * it.
 */
final class PeerRecovery {
    private PeerRecovery() {}

    /** Raises the commit LSN to what the peers show, and begins to copy what is missing. */
    static Step compare(AcceptorState state, AcceptorInput.PeersReported reported) {
        int donor = donor(reported.peers());
        if (donor < 0) {
            return new Step(state);
        }
        PeerReport best = reported.peers().get(donor);
        Lsn committed = Lsn.min(best.flush(), known(state, best, reported));
        if (!committed.isAfter(state.control().commit())) {
            return new Step(state);
        }
        TermHistory theirs = best.history().upTo(committed);
        Lsn common = theirs.divergence(state.control().history(), state.flush());
        if (common == null) {
            common = state.control().start();
        }
        if (!common.isBefore(committed)) {
            return new Step(state.committed(committed));
        }
        return copy(state, donor, theirs, common, committed);
    }

    /** The one whose log is the most advanced: it has all that is committed. */
    private static int donor(List<PeerReport> peers) {
        Comparator<PeerReport> order =
                Comparator.comparing(PeerReport::lastLogTerm).thenComparing(PeerReport::flush);
        int best = -1;
        for (int i = 0; i < peers.size(); i++) {
            if (best < 0 || order.compare(peers.get(i), peers.get(best)) > 0) {
                best = i;
            }
        }
        return best;
    }

    /**
     * Up to where WAL is known to be committed: what any peer was told, or, told or not, what a
     * quorum has of a term without having heard of a later one.
     */
    private static Lsn known(
            AcceptorState state, PeerReport best, AcceptorInput.PeersReported reported) {
        Lsn told =
                reported.peers().stream()
                        .map(PeerReport::commit)
                        .max(Comparator.naturalOrder())
                        .orElseThrow();
        Term term = best.lastLogTerm();
        List<PeerReport> all = new ArrayList<>(reported.peers());
        all.add(state.report());
        List<Lsn> ends =
                all.stream()
                        .filter(r -> r.term().equals(term) && r.lastLogTerm().equals(term))
                        .map(PeerReport::flush)
                        .sorted(Comparator.reverseOrder())
                        .toList();
        return term.equals(Term.NONE) || ends.size() < reported.quorum()
                ? told
                : Lsn.max(told, ends.get(reported.quorum() - 1));
    }

    private static Step copy(
            AcceptorState state, int donor, TermHistory theirs, Lsn common, Lsn committed) {
        TimelineControl control = state.control();
        if (common.isBefore(control.commit())) {
            return Acceptor.refuse(
                    state,
                    Refusal.DAMAGED,
                    String.format(
                            "the log here, committed to %s with history %s, and a peer's, committed"
                                    + " to %s with history %s, are common only to %s",
                            control.commit(), control.history(), committed, theirs, common));
        }
        List<AcceptorAction> actions = new ArrayList<>(4);
        if (state.written().isAfter(common)) {
            actions.add(new AcceptorAction.Truncate(common));
        }
        boolean raised = theirs.lastTerm().compareTo(control.term()) > 0;
        TimelineControl adopted = raised ? control.withTerm(theirs.lastTerm()) : control;
        if (!control.history().upTo(committed).equals(theirs)) {
            adopted = adopted.withHistory(theirs);
        }
        if (!adopted.equals(control)) {
            actions.add(new AcceptorAction.Persist(adopted));
        }
        AcceptorState begun = state.beginSession(adopted, common, committed, Lsn.INVALID);
        if (raised) {
            actions.add(new AcceptorAction.Notify(begun.progress()));
        }
        actions.add(new AcceptorAction.Copy(donor, common, committed, begun.session()));
        return new Step(begun, actions);
    }

    static Step copied(AcceptorState state, AcceptorInput.Copied copied) {
        Lsn end = copied.begin().plus(copied.wal().remaining());
        if (copied.session() != state.session()
                || !copied.begin().equals(state.written())
                || end.isAfter(state.copying())) {
            return new Step(state);
        }
        return new Step(
                state.appended(end), new AcceptorAction.Write(copied.begin(), copied.wal()));
    }
}
