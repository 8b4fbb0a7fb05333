package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A proposer of one timeline.
 *
 * @param configuration who decides
 * @param seen the highest term that any acceptor told, as its own or as one up to which it does not
 *     vote
 * @param peers the acceptors, also those of earlier configurations: an acceptor's index stays
 * @param available the end of the whole records that there are to append
 * @param commit the end of what a quorum has; {@link Lsn#INVALID} while nothing is known to be
 */
public record ProposerState(
        Role role,
        Configuration configuration,
        Term seen,
        List<PeerState> peers,
        Lsn available,
        Lsn commit) {

    public ProposerState {
        peers = List.copyOf(peers);
    }

    /** What it is. */
    public sealed interface Role {

        /** Gathers greetings, to know which term to ask for. */
        record Seeking() implements Role {}

        /**
         * Was outrun by another candidate, and lets it win: stands again when it is roused, not
         * before.
         */
        record Resting() implements Role {}

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

    /**
     * Before anything was heard.
     *
     * @param configuration not {@link Configuration#UNSET}
     */
    public static ProposerState initial(Configuration configuration) {
        return new ProposerState(
                new Role.Seeking(),
                configuration,
                Term.NONE,
                configuration.everyone().stream().map(PeerState::unknown).toList(),
                Lsn.INVALID,
                Lsn.INVALID);
    }

    /** With another configuration: what acceptors said under the earlier one counts no more. */
    ProposerState under(Configuration newer) {
        List<PeerState> changed = new ArrayList<>();
        peers.forEach(peer -> changed.add(PeerState.unknown(peer.node())));
        for (long node : newer.everyone()) {
            if (peers.stream().noneMatch(peer -> peer.node() == node)) {
                changed.add(PeerState.unknown(node));
            }
        }
        return new ProposerState(role, newer, seen, changed, available, commit);
    }

    ProposerState with(Configuration other) {
        return new ProposerState(role, other, seen, peers, available, commit);
    }

    /** Whether those of whom it holds can decide. */
    boolean isQuorum(Predicate<PeerState> holds) {
        return configuration.isQuorum(node -> holds.test(peerOf(node)));
    }

    PeerState peerOf(long node) {
        for (PeerState peer : peers) {
            if (peer.node() == node) {
                return peer;
            }
        }
        throw new IllegalStateException(node + " is not in " + configuration);
    }

    ProposerState in(Role newRole) {
        return new ProposerState(newRole, configuration, seen, peers, available, commit);
    }

    ProposerState with(int peer, PeerState state) {
        List<PeerState> changed = new ArrayList<>(peers);
        changed.set(peer, state);
        return new ProposerState(role, configuration, seen, changed, available, commit);
    }

    ProposerState sawTerm(Term term) {
        return term.compareTo(seen) <= 0
                ? this
                : new ProposerState(role, configuration, term, peers, available, commit);
    }

    ProposerState withAvailable(Lsn end) {
        return new ProposerState(role, configuration, seen, peers, end, commit);
    }

    ProposerState withCommit(Lsn end) {
        return new ProposerState(role, configuration, seen, peers, available, end);
    }
}
