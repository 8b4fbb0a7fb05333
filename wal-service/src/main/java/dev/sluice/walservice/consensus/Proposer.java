package dev.sluice.walservice.consensus;

import dev.sluice.walservice.consensus.AcceptorMessage.Ballot;
import dev.sluice.walservice.consensus.PeerState.Phase;
import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The proposer's half of the protocol, as a function.
 *
 * <pre>
 *   Seeking --quorum greeted--> Candidate(max seen + 1) --quorum of votes--> Leader
 *                                   ^      |                                   |
 *                            roused |      | higher term, or vote refused      | higher term
 *                                   |      v                                   v
 *                                   Resting                                 Fenced
 * </pre>
 *
 * <p>An acceptor that lost its disk does not vote; it is enlisted by the leader that the others
 * elect. A leader that has written nothing yet stands again when it meets one, in a term in which
 * what that one acknowledges counts.
 *
 * <p>Candidates that see each other would take turns to raise the term, and nobody win. So one that
 * is outrun rests until it is roused, which is to be some random while later.
 *
 * <p>When it hears of a newer {@link Configuration} it goes on under that one: a leader as the
 * leader, in its term. Acceptors have to be greeted again, and what they acknowledged under the
 * earlier one counts no more: only so is a leader that others have deposed kept from counting
 * together what it was told under two configurations.
 *
 * <p>A leader continues the log of the donor: of those that voted, the one whose log's last term,
 * then length, is highest. Every other acceptor's log is cut where it leaves that one and filled
 * from there. An LSN is committed when a quorum has acknowledged it in this term, and it is not
 * before the term's start: what older terms left is committed only together with it.
 */
public final class Proposer {
    private Proposer() {}

    public record Step(ProposerState state, List<ProposerAction> actions) {
        public Step {
            actions = List.copyOf(actions);
        }

        Step(ProposerState state) {
            this(state, List.of());
        }
    }

    public static Step step(ProposerState state, ProposerInput input) {
        if (state.role() instanceof Role.Fenced) {
            return new Step(state);
        }
        return switch (input) {
            case ProposerInput.Received(int peer, AcceptorMessage message) ->
                    switch (message) {
                        case AcceptorMessage.Greeted m -> greeted(state, peer, m);
                        case AcceptorMessage.Superseded m -> adopt(state, m.configuration());
                        case AcceptorMessage.Voted m ->
                                m.generation() == state.configuration().generation()
                                        ? voted(state, peer, m)
                                        : new Step(state);
                        case AcceptorMessage.Appended m ->
                                m.generation() == state.configuration().generation()
                                        ? appended(state, peer, m)
                                        : new Step(state);
                    };
            case ProposerInput.Roused _ -> roused(state);
            case ProposerInput.Disconnected(int peer) ->
                    new Step(state.with(peer, state.peers().get(peer).in(new Phase.Offline())));
            case ProposerInput.Available(Lsn end) ->
                    new Step(end.isAfter(state.available()) ? state.withAvailable(end) : state);
            case ProposerInput.Writable m -> writable(state, m);
            case ProposerInput.Quiet(int peer) -> probe(state, peer);
        };
    }

    private static Step adopt(ProposerState state, Configuration configuration) {
        if (configuration.generation() <= state.configuration().generation()) {
            return new Step(state);
        }
        Role role = state.role() instanceof Role.Candidate ? new Role.Seeking() : state.role();
        return new Step(
                state.under(configuration).in(role),
                List.of(new ProposerAction.Reconfigure(configuration)));
    }

    private static Step greeted(ProposerState state, int peer, AcceptorMessage.Greeted message) {
        long generation = message.configuration().generation();
        if (generation != state.configuration().generation()
                || message.nodeId() != state.peers().get(peer).node()) {
            return adopt(state, message.configuration());
        }
        ProposerState known =
                state.with(peer, state.peers().get(peer).in(new Phase.Greeted()))
                        .sawTerm(message.term())
                        .sawTerm(message.votesAbove());
        return switch (known.role()) {
            case Role.Seeking _ -> standIfThereIsAQuorum(known);
            case Role.Resting _ -> new Step(known);
            case Role.Candidate(Term term) ->
                    known.seen().compareTo(term) > 0 || message.term().equals(term)
                            ? new Step(known.in(new Role.Resting()))
                            : new Step(known, List.of(ask(known, peer, term)));
            case Role.Leader leader -> {
                if (message.term().compareTo(leader.term()) > 0) {
                    yield fenced(known, leader.term(), message.term());
                }
                boolean nothingWritten = !known.commit().isValid();
                yield nothingWritten && message.votesAbove().compareTo(leader.term()) >= 0
                        ? stand(known)
                        : new Step(known, List.of(ask(known, peer, leader.term())));
            }
            case Role.Fenced _ -> new Step(known);
        };
    }

    private static Step roused(ProposerState state) {
        return state.role() instanceof Role.Resting
                ? standIfThereIsAQuorum(state.in(new Role.Seeking()))
                : new Step(state);
    }

    private static Step standIfThereIsAQuorum(ProposerState state) {
        return state.isQuorum(peer -> !(peer.phase() instanceof Phase.Offline))
                ? stand(state)
                : new Step(state);
    }

    /** Asks everyone there for a vote for a term above all seen. */
    private static Step stand(ProposerState state) {
        Term term = state.seen().next();
        ProposerState standing = state.in(new Role.Candidate(term));
        List<ProposerAction> actions = new ArrayList<>();
        for (int peer = 0; peer < state.peers().size(); peer++) {
            PeerState each = state.peers().get(peer);
            boolean there = !(each.phase() instanceof Phase.Offline);
            // What it acknowledged to an earlier reign says nothing about the log of the next one.
            standing =
                    standing.with(
                            peer,
                            new PeerState(
                                    each.node(),
                                    there ? new Phase.Greeted() : new Phase.Offline(),
                                    Lsn.INVALID));
            if (there) {
                actions.add(ask(state, peer, term));
            }
        }
        return new Step(standing.sawTerm(term), actions);
    }

    private static ProposerAction ask(ProposerState state, int peer, Term term) {
        return new ProposerAction.Send(
                peer, new ProposerMessage.VoteRequest(state.configuration().generation(), term));
    }

    private static Step voted(ProposerState state, int peer, AcceptorMessage.Voted vote) {
        if (!(state.peers().get(peer).phase() instanceof Phase.Greeted)) {
            return new Step(state);
        }
        return switch (state.role()) {
            case Role.Candidate(Term term) -> {
                int order = vote.term().compareTo(term);
                if (order < 0) {
                    yield new Step(state); // answers an earlier candidacy
                }
                if (order > 0 || vote.ballot() == Ballot.REFUSED) {
                    yield new Step(state.sawTerm(vote.term()).in(new Role.Resting()));
                }
                Phase asked =
                        vote.ballot() == Ballot.GIVEN
                                ? new Phase.Supporting(vote)
                                : new Phase.Abstaining(vote);
                ProposerState supported = state.with(peer, state.peers().get(peer).in(asked));
                yield supported.isQuorum(each -> each.phase() instanceof Phase.Supporting)
                        ? lead(supported, term)
                        : new Step(supported);
            }
            case Role.Leader leader -> {
                int order = vote.term().compareTo(leader.term());
                if (order > 0) {
                    yield fenced(state, leader.term(), vote.term());
                }
                yield order < 0 ? new Step(state) : enlist(state, leader, peer, vote);
            }
            case Role.Seeking _, Role.Resting _, Role.Fenced _ -> new Step(state);
        };
    }

    private static Step lead(ProposerState state, Term term) {
        int donor = -1;
        AcceptorMessage.Voted best = null;
        Comparator<AcceptorMessage.Voted> mostAdvanced =
                Comparator.comparing((AcceptorMessage.Voted v) -> v.history().lastTerm())
                        .thenComparing(AcceptorMessage.Voted::flush);
        for (int peer = 0; peer < state.peers().size(); peer++) {
            if (state.peers().get(peer).phase() instanceof Phase.Supporting(var vote)
                    && (best == null || mostAdvanced.compare(vote, best) > 0)) {
                donor = peer;
                best = vote;
            }
        }
        if (best == null) {
            throw new IllegalStateException("elected by nobody");
        }
        Role.Leader leader =
                new Role.Leader(
                        term,
                        best.flush(),
                        best.history().with(term, best.flush()),
                        best.start(),
                        donor);
        ProposerState leading = state.in(leader).withAvailable(best.flush());
        List<ProposerAction> actions = new ArrayList<>();
        for (int peer = 0; peer < state.peers().size(); peer++) {
            AcceptorMessage.Voted vote =
                    switch (state.peers().get(peer).phase()) {
                        case Phase.Supporting(var given) -> given;
                        case Phase.Abstaining(var abstained) -> abstained;
                        case Phase.Offline _, Phase.Greeted _, Phase.Streaming _ -> null;
                    };
            if (vote != null) {
                Step enlisted = enlist(leading, leader, peer, vote);
                leading = enlisted.state();
                actions.addAll(enlisted.actions());
            }
        }
        return new Step(leading, actions);
    }

    /** Tells an acceptor of the election, and where its log will go on. */
    private static Step enlist(
            ProposerState state, Role.Leader leader, int peer, AcceptorMessage.Voted vote) {
        Lsn common = leader.history().divergence(vote.history(), vote.flush());
        Lsn from = common == null ? leader.timelineStart() : common;
        PeerState told =
                new PeerState(
                        state.peers().get(peer).node(),
                        new Phase.Streaming(from, from, Lsn.INVALID),
                        Lsn.min(state.peers().get(peer).acked(), from));
        ProposerState enlisted = state.with(peer, told);
        ProposerMessage elected =
                new ProposerMessage.Elected(
                        state.configuration().generation(),
                        leader.term(),
                        from,
                        state.available(),
                        leader.history());
        return new Step(enlisted, List.of(new ProposerAction.Send(peer, elected)));
    }

    private static Step appended(ProposerState state, int peer, AcceptorMessage.Appended message) {
        if (!(state.role() instanceof Role.Leader leader)) {
            return new Step(state.sawTerm(message.term()));
        }
        if (message.term().compareTo(leader.term()) > 0) {
            return fenced(state, leader.term(), message.term());
        }
        PeerState known = state.peers().get(peer);
        if (!message.term().equals(leader.term())
                || !(known.phase() instanceof Phase.Streaming streaming)) {
            return new Step(state);
        }
        PeerState acked =
                new PeerState(
                        known.node(),
                        new Phase.Streaming(
                                streaming.next(),
                                Lsn.max(streaming.received(), message.received()),
                                streaming.told()),
                        Lsn.max(known.acked(), message.flush()));
        ProposerState moved = state.with(peer, acked);
        Lsn held = moved.configuration().quorumHolds(node -> moved.peerOf(node).acked());
        return new Step(
                held.isAfter(moved.commit()) && !held.isBefore(leader.start())
                        ? moved.withCommit(held)
                        : moved);
    }

    private static Step writable(ProposerState state, ProposerInput.Writable writable) {
        int peer = writable.peer();
        if (!(state.role() instanceof Role.Leader leader)
                || !(state.peers().get(peer).phase() instanceof Phase.Streaming streaming)) {
            return new Step(state);
        }
        Lsn begin = streaming.next();
        Lsn limit =
                begin.isBefore(leader.start()) ? leader.start() : Lsn.max(begin, state.available());
        long room = writable.window() - begin.minus(streaming.received());
        long length =
                Math.min(
                        Math.min(limit.minus(begin), Math.max(room, 0)),
                        ProposerMessage.Append.MAX_WAL);
        boolean news = writable.tell() && state.commit().isAfter(streaming.told());
        // Alone it is not answered, so one that does not read could be sent any number.
        boolean quiet = begin.equals(streaming.received());
        if (length == 0 && !(news && quiet)) {
            return new Step(state);
        }
        Lsn end = begin.plus(length);
        PeerState sent =
                state.peers()
                        .get(peer)
                        .in(new Phase.Streaming(end, streaming.received(), state.commit()));
        return new Step(
                state.with(peer, sent),
                List.of(
                        new ProposerAction.SendAppend(
                                peer,
                                state.configuration().generation(),
                                begin,
                                end,
                                state.commit())));
    }

    private static Step probe(ProposerState state, int peer) {
        if (!(state.peers().get(peer).phase() instanceof Phase.Streaming streaming)
                || !streaming.next().equals(streaming.received())) {
            return new Step(state); // an answer is due anyway
        }
        return new Step(
                state,
                List.of(
                        new ProposerAction.SendAppend(
                                peer,
                                state.configuration().generation(),
                                streaming.next(),
                                streaming.next(),
                                Lsn.INVALID)));
    }

    private static Step fenced(ProposerState state, Term own, Term newer) {
        return new Step(state.sawTerm(newer).in(new Role.Fenced(own, newer)));
    }
}
