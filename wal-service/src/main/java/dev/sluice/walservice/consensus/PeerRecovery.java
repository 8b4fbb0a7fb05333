package dev.sluice.walservice.consensus;

import dev.sluice.walservice.consensus.Acceptor.Step;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How an acceptor catches up from the others while no proposer fills it: it copies what is
 * committed, and, unless the configuration is joint, nothing else.
 *
 * <p>Committed WAL is in the log of every later leader. So to have it is right in any term, no term
 * need be raised and no proposer fenced for it, and where the own log differs from it, the own log
 * is what was never committed. What comes after it is left to the next leader, who decides about
 * it.
 *
 * <p>A change of the configuration cannot wait for that leader: those that are to follow must have
 * all that the members may have committed. So while it is joint, the whole of the most advanced log
 * is copied. That is as if its leader had sent it, and nobody had been told: nothing is
 * acknowledged by it, and the log only becomes more advanced.
 */
final class PeerRecovery {
    private PeerRecovery() {}

    /** Raises the commit LSN to what the peers show, and begins to copy what is missing. */
    static Step compare(long nodeId, AcceptorState state, AcceptorInput.PeersReported reported) {
        Step adopted = adoptNewest(state, reported);
        Step caughtUp = catchUp(nodeId, adopted.state(), reported);
        List<AcceptorAction> actions = new ArrayList<>(adopted.actions());
        actions.addAll(caughtUp.actions());
        return new Step(caughtUp.state(), actions);
    }

    private static Step adoptNewest(AcceptorState state, AcceptorInput.PeersReported reported) {
        Configuration newest = state.control().configuration();
        for (PeerReport peer : reported.peers()) {
            if (peer.configuration().generation() > newest.generation()) {
                newest = peer.configuration();
            }
        }
        return Acceptor.adopt(state, newest);
    }

    private static Step catchUp(
            long nodeId, AcceptorState state, AcceptorInput.PeersReported reported) {
        int donor = donor(reported.peers());
        if (donor < 0) {
            return new Step(state);
        }
        PeerReport best = reported.peers().get(donor);
        Lsn committed = Lsn.min(best.flush(), known(nodeId, state, best, reported));
        boolean whole = isWanted(nodeId, state, best);
        if (!whole && !committed.isAfter(state.control().commit())) {
            return new Step(state);
        }
        Lsn end = whole ? best.flush() : committed;
        TermHistory theirs = best.history().upTo(end);
        Lsn common = theirs.divergence(state.control().history(), state.flush());
        if (common == null) {
            common = state.control().start();
        }
        if (!common.isBefore(end)) {
            return new Step(state.committed(committed));
        }
        return copy(state, donor, theirs, common, end, committed);
    }

    /** Whether the whole of a log is to be had that is more advanced than the one here. */
    private static boolean isWanted(long nodeId, AcceptorState state, PeerReport best) {
        Configuration configuration = state.control().configuration();
        if (!configuration.isJoint() || !configuration.contains(nodeId)) {
            return false;
        }
        int order = best.lastLogTerm().compareTo(state.lastLogTerm());
        return order > 0 || (order == 0 && best.flush().isAfter(state.flush()));
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
     * quorum of the configuration has of a term without having heard of a later one, or of a newer
     * configuration.
     */
    private static Lsn known(
            long nodeId,
            AcceptorState state,
            PeerReport best,
            AcceptorInput.PeersReported reported) {
        List<PeerReport> all = new ArrayList<>(reported.peers());
        all.add(state.report(nodeId));
        return Lsn.max(
                CommittedWal.told(reported.peers()),
                CommittedWal.held(best.lastLogTerm(), state.control().configuration(), all));
    }

    private static Step copy(
            AcceptorState state,
            int donor,
            TermHistory theirs,
            Lsn common,
            Lsn end,
            Lsn committed) {
        TimelineControl control = state.control();
        if (common.isBefore(control.commit())) {
            return Acceptor.refuse(
                    state,
                    Refusal.DAMAGED,
                    String.format(
                            "the log here, committed to %s with history %s, and a peer's, to %s with"
                                    + " history %s, are common only to %s",
                            control.commit(), control.history(), end, theirs, common));
        }
        List<AcceptorAction> actions = new ArrayList<>(4);
        if (state.written().isAfter(common)) {
            actions.add(new AcceptorAction.Truncate(common));
        }
        boolean raised = theirs.lastTerm().compareTo(control.term()) > 0;
        TimelineControl adopted = raised ? control.withTerm(theirs.lastTerm()) : control;
        if (!control.history().upTo(end).equals(theirs)) {
            adopted = adopted.withHistory(theirs);
        }
        if (!adopted.equals(control)) {
            actions.add(new AcceptorAction.Persist(adopted));
        }
        AcceptorState begun = state.copying(adopted, common, end, committed);
        if (raised) {
            actions.add(new AcceptorAction.Notify(begun.progress()));
        }
        actions.add(new AcceptorAction.Copy(donor, common, end, begun.session(), theirs));
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
