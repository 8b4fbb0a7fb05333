package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.List;

/**
 * A proposer of one timeline.
 *
 * @param seen the highest term that any acceptor told, as its own or as one up to which it does not
 *     vote
 * @param available the end of the whole records that there are to append
 * @param commit the end of what a quorum has; {@link Lsn#INVALID} while nothing is known to be
 */
public record ProposerState(
        Role role, int quorum, Term seen, List<PeerState> peers, Lsn available, Lsn commit) {

    public ProposerState {
        peers = List.copyOf(peers);
    }

    /** What it is. */
    public sealed interface Role {

        /** Gathers greetings, to know which term to ask for. */
        record Seeking() implements Role {}

        /** Asks for votes. */
        record Candidate(Term term) implements Role {}

        /**
         * Has won.
         *
         * @param start the end of the donor's log, which this term continues
         * @param history of its log, its own term last
         * @param timelineStart where the log begins
         * @param donor the index of the acceptor whose log it took over
         */
        record Leader(Term term, Lsn start, TermHistory history, Lsn timelineStart, int donor)
                implements Role {}

        /** A higher term was seen: over for good. */
        record Fenced(Term term, Term newer) implements Role {}
    }

    /** Before anything was heard. */
    public static ProposerState initial(int acceptors, int quorum) {
        List<PeerState> peers = new ArrayList<>(acceptors);
        for (int i = 0; i < acceptors; i++) {
            peers.add(PeerState.UNKNOWN);
        }
        return new ProposerState(
                new Role.Seeking(), quorum, Term.NONE, peers, Lsn.INVALID, Lsn.INVALID);
    }

    ProposerState in(Role newRole) {
        return new ProposerState(newRole, quorum, seen, peers, available, commit);
    }

    ProposerState with(int peer, PeerState state) {
        List<PeerState> changed = new ArrayList<>(peers);
        changed.set(peer, state);
        return new ProposerState(role, quorum, seen, changed, available, commit);
    }

    ProposerState sawTerm(Term term) {
        return term.compareTo(seen) <= 0
                ? this
                : new ProposerState(role, quorum, term, peers, available, commit);
    }

    ProposerState withAvailable(Lsn end) {
        return new ProposerState(role, quorum, seen, peers, end, commit);
    }

    ProposerState withCommit(Lsn end) {
        return new ProposerState(role, quorum, seen, peers, available, end);
    }
}
