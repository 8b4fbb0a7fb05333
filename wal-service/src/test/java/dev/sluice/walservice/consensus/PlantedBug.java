package dev.sluice.walservice.consensus;

import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Protocols that are wrong in one rule each, to see that the simulation finds it. The rule is
 * broken from outside: what the real core is given or gives is changed.
 */
enum PlantedBug implements ProtocolRules {
    VOTE_NOT_PERSISTED {
        @Override
        public Acceptor.Step acceptor(long node, AcceptorState state, AcceptorInput input) {
            Acceptor.Step step = Acceptor.step(node, state, input);
            return isMessage(input, ProposerMessage.VoteRequest.class)
                    ? without(step, AcceptorAction.Persist.class)
                    : step;
        }
    },

    VOTES_TWICE_IN_A_TERM {
        @Override
        public Acceptor.Step acceptor(long node, AcceptorState state, AcceptorInput input) {
            if (input instanceof AcceptorInput.Received(ProposerMessage.VoteRequest(_, Term term))
                    && term.equals(state.control().term())
                    && term.number() > 0) {
                return Acceptor.step(
                        node,
                        state.with(state.control().withTerm(new Term(term.number() - 1))),
                        input);
            }
            return Acceptor.step(node, state, input);
        }
    },

    APPEND_ACCEPTED_FROM_AN_OLD_TERM {
        @Override
        public Acceptor.Step acceptor(long node, AcceptorState state, AcceptorInput input) {
            if (input instanceof AcceptorInput.Flushed) {
                return inTheLogsTerm(Acceptor.step(node, state, input));
            }
            if (!(input instanceof AcceptorInput.Received(ProposerMessage.Append append))
                    || append.term().compareTo(state.control().term()) >= 0) {
                return Acceptor.step(node, state, input);
            }
            Acceptor.Step step =
                    Acceptor.step(node, state.with(state.control().withTerm(append.term())), input);
            TimelineControl after = step.state().control().withTerm(state.control().term());
            return new Acceptor.Step(step.state().with(after), step.actions());
        }

        // Acknowledges to the old leader as if it were still one.
        private Acceptor.Step inTheLogsTerm(Acceptor.Step step) {
            Term term = step.state().control().history().lastTerm();
            List<AcceptorAction> actions = new ArrayList<>();
            for (AcceptorAction action : step.actions()) {
                actions.add(
                        action instanceof AcceptorAction.Reply(AcceptorMessage.Appended appended)
                                ? new AcceptorAction.Reply(
                                        new AcceptorMessage.Appended(
                                                appended.generation(),
                                                term,
                                                appended.flush(),
                                                appended.received(),
                                                appended.commit()))
                                : action);
            }
            return new Acceptor.Step(step.state(), actions);
        }
    },

    APPEND_ACCEPTED_BEFORE_ELECTED {
        @Override
        public Acceptor.Step acceptor(long node, AcceptorState state, AcceptorInput input) {
            if (!(input instanceof AcceptorInput.Received(ProposerMessage.Append append))
                    || append.term().compareTo(state.control().term()) < 0
                    || state.control().history().lastTerm().equals(append.term())) {
                return Acceptor.step(node, state, input);
            }
            TermHistory made =
                    state.control()
                            .history()
                            .upTo(state.flush())
                            .with(append.term(), state.flush());
            Acceptor.Step step =
                    Acceptor.step(
                            node,
                            state.with(state.control().withTerm(append.term()).withHistory(made)),
                            input);
            TimelineControl after = step.state().control().withHistory(state.control().history());
            return new Acceptor.Step(step.state().with(after), step.actions());
        }
    },

    /** The log is cut where the last term in common begins, not where the logs part. */
    TRUNCATION_BELOW_COMMIT {
        @Override
        public Acceptor.Step acceptor(long node, AcceptorState state, AcceptorInput input) {
            if (!(input instanceof AcceptorInput.Received(ProposerMessage.Elected elected))) {
                return Acceptor.step(node, state, input);
            }
            return Acceptor.step(node, truncated(state, elected.streamFrom()), input);
        }

        @Override
        public Proposer.Step proposer(ProposerState state, ProposerInput input) {
            Proposer.Step step = Proposer.step(state, input);
            if (!(step.state().role() instanceof Role.Leader leader)) {
                return step;
            }
            List<ProposerAction> actions = new ArrayList<>();
            ProposerState after = step.state();
            for (ProposerAction action : step.actions()) {
                if (action
                        instanceof
                        ProposerAction.Send(
                                int peer,
                                ProposerMessage.Elected(
                                        long generation,
                                        Term term,
                                        Lsn from,
                                        Lsn end,
                                        TermHistory history))) {
                    Lsn earlier = termBeginning(leader, from);
                    after =
                            after.with(
                                    peer,
                                    new PeerState(
                                            after.peers().get(peer).node(),
                                            new PeerState.Phase.Streaming(
                                                    earlier, earlier, Lsn.INVALID),
                                            Lsn.INVALID));
                    actions.add(
                            new ProposerAction.Send(
                                    peer,
                                    new ProposerMessage.Elected(
                                            generation, term, earlier, end, history)));
                } else {
                    actions.add(action);
                }
            }
            return new Proposer.Step(after, actions);
        }

        private Lsn termBeginning(Role.Leader leader, Lsn from) {
            Lsn beginning = leader.timelineStart();
            for (TermStart entry : leader.history().entries()) {
                if (entry.start().isBefore(from)) {
                    beginning = entry.start();
                }
            }
            return beginning;
        }

        private AcceptorState truncated(AcceptorState state, Lsn end) {
            return end.isBefore(state.flush())
                    ? new AcceptorState(
                            state.control().withCommit(Lsn.min(end, state.control().commit())),
                            end,
                            end,
                            state.written(),
                            state.announced(),
                            state.copying(),
                            state.whole(),
                            state.session())
                    : state;
        }
    },

    COMMIT_BEFORE_THE_TERMS_START {
        @Override
        public Proposer.Step proposer(ProposerState state, ProposerInput input) {
            Proposer.Step step = Proposer.step(state, input);
            Lsn held =
                    step.state().peers().stream()
                            .map(PeerState::acked)
                            .sorted(Comparator.reverseOrder())
                            .skip(state.peers().size() / 2)
                            .findFirst()
                            .orElseThrow();
            return step.state().role() instanceof Role.Leader && held.isAfter(step.state().commit())
                    ? new Proposer.Step(step.state().withCommit(held), step.actions())
                    : step;
        }
    },

    ACKNOWLEDGED_BEFORE_SYNCED {
        @Override
        public Acceptor.Step acceptor(long node, AcceptorState state, AcceptorInput input) {
            Acceptor.Step step = Acceptor.step(node, state, input);
            if (!isMessage(input, ProposerMessage.Append.class)
                    || !step.state().written().isAfter(state.written())) {
                return step;
            }
            AcceptorState after = step.state();
            List<AcceptorAction> actions = new ArrayList<>(step.actions());
            actions.add(
                    new AcceptorAction.Reply(
                            new AcceptorMessage.Appended(
                                    after.control().configuration().generation(),
                                    after.control().term(),
                                    after.written(),
                                    after.written(),
                                    after.control().commit())));
            return new Acceptor.Step(after, actions);
        }
    },

    THE_LONGEST_LOG_WINS_WHATEVER_ITS_TERM {
        @Override
        public Proposer.Step proposer(ProposerState state, ProposerInput input) {
            Proposer.Step step = Proposer.step(state, input);
            if (!(step.state().role() instanceof Role.Leader leader)
                    || state.role() instanceof Role.Leader
                    || !(input
                            instanceof
                            ProposerInput.Received(int last, AcceptorMessage.Voted vote))) {
                return step;
            }
            int donor = last;
            AcceptorMessage.Voted best = vote;
            for (int peer = 0; peer < state.peers().size(); peer++) {
                if (state.peers().get(peer).phase() instanceof PeerState.Phase.Supporting(var other)
                        && other.flush().isAfter(best.flush())) {
                    donor = peer;
                    best = other;
                }
            }
            if (donor == leader.donor()) {
                return step;
            }
            // Lets the core elect as if the others' logs were older.
            ProposerState rigged = state;
            for (int peer = 0; peer < state.peers().size(); peer++) {
                if (peer != donor
                        && state.peers().get(peer).phase()
                                instanceof PeerState.Phase.Supporting(var other)) {
                    rigged = rigged.with(peer, older(rigged.peers().get(peer), other));
                }
            }
            ProposerInput riggedInput =
                    last == donor ? input : new ProposerInput.Received(last, withoutHistory(vote));
            return Proposer.step(rigged, riggedInput);
        }

        private PeerState older(PeerState peer, AcceptorMessage.Voted vote) {
            return peer.in(new PeerState.Phase.Supporting(withoutHistory(vote)));
        }

        private AcceptorMessage.Voted withoutHistory(AcceptorMessage.Voted vote) {
            return new AcceptorMessage.Voted(
                    vote.generation(),
                    vote.term(),
                    vote.ballot(),
                    vote.start(),
                    vote.start(),
                    TermHistory.EMPTY);
        }
    },

    A_LOST_DISK_VOTES_AT_ONCE {
        @Override
        public AcceptorState restored(AcceptorState state) {
            return state.with(state.control().withVotesAbove(Term.NONE));
        }
    },

    /** As if nothing had happened, when a step that has cut the log fails after that. */
    A_CUT_LOG_COUNTS_AS_WHOLE {
        @Override
        public AcceptorState cutOff(AcceptorState state, Lsn end) {
            return state;
        }
    },

    ARCHIVED_BEFORE_IT_IS_COMMITTED {
        @Override
        public Lsn archived(AcceptorState other) {
            return other.flush();
        }
    },

    HALF_IS_A_QUORUM {
        @Override
        public Proposer.Step proposer(ProposerState state, ProposerInput input) {
            if (!(input instanceof ProposerInput.Received(int peer, _))
                    || state.configuration().members().size() > 3) {
                return Proposer.step(state, input);
            }
            Configuration real = state.configuration();
            Configuration alone =
                    new Configuration(
                            real.generation(), List.of(state.peers().get(peer).node()), List.of());
            Proposer.Step step = Proposer.step(state.with(alone), input);
            return step.state().configuration().equals(alone)
                    ? new Proposer.Step(step.state().with(real), step.actions())
                    : step;
        }
    },

    /** While the configuration is joint, the members decide without those that follow them. */
    THE_OLD_MAJORITY_DECIDES_ALONE {
        @Override
        public Proposer.Step proposer(ProposerState state, ProposerInput input) {
            Configuration real = state.configuration();
            if (!real.isJoint()) {
                return Proposer.step(state, input);
            }
            Configuration old = new Configuration(real.generation(), real.members(), List.of());
            Proposer.Step step = Proposer.step(state.with(old), input);
            return step.state().configuration().equals(old)
                    ? new Proposer.Step(step.state().with(real), step.actions())
                    : step;
        }
    },

    /** While the configuration is joint, those that follow decide without the members. */
    THE_NEW_MAJORITY_DECIDES_ALONE {
        @Override
        public Proposer.Step proposer(ProposerState state, ProposerInput input) {
            Configuration real = state.configuration();
            if (!real.isJoint()) {
                return Proposer.step(state, input);
            }
            Configuration early = new Configuration(real.generation(), real.following(), List.of());
            Proposer.Step step = Proposer.step(state.with(early), input);
            return step.state().configuration().equals(early)
                    ? new Proposer.Step(step.state().with(real), step.actions())
                    : step;
        }
    },

    /** An acceptor listens to proposers of earlier generations than its own. */
    MESSAGES_OF_OTHER_GENERATIONS_ARE_OBEYED {
        @Override
        public Acceptor.Step acceptor(long node, AcceptorState state, AcceptorInput input) {
            if (!(input instanceof AcceptorInput.Received(ProposerMessage message))) {
                return Acceptor.step(node, state, input);
            }
            Configuration real = state.control().configuration();
            Configuration theirs =
                    switch (message) {
                        case ProposerMessage.Greeting m -> m.configuration();
                        case ProposerMessage.VoteRequest m -> renumbered(real, m.generation());
                        case ProposerMessage.Elected m -> renumbered(real, m.generation());
                        case ProposerMessage.Append m -> renumbered(real, m.generation());
                    };
            if (theirs.generation() >= real.generation()) {
                return Acceptor.step(node, state, input);
            }
            Acceptor.Step step =
                    Acceptor.step(
                            node, state.with(state.control().withConfiguration(theirs)), input);
            List<AcceptorAction> actions = new ArrayList<>();
            for (AcceptorAction action : step.actions()) {
                actions.add(
                        action instanceof AcceptorAction.Persist(TimelineControl control)
                                ? new AcceptorAction.Persist(control.withConfiguration(real))
                                : action);
            }
            TimelineControl after = step.state().control().withConfiguration(real);
            return new Acceptor.Step(step.state().with(after), actions);
        }

        private Configuration renumbered(Configuration real, long generation) {
            return new Configuration(generation, real.members(), real.following());
        }
    },

    /** The new configuration alone holds before those in it have what was committed. */
    THE_SWITCH_IS_COMPLETED_TOO_EARLY {
        @Override
        public MembershipChange.Step change(
                MembershipChange.State state, MembershipChange.Input input) {
            MembershipChange.Point point = state.point();
            return MembershipChange.step(
                    point == null
                            ? state
                            : state.with(
                                    new MembershipChange.Point(
                                            Term.NONE, Lsn.INVALID, point.term())),
                    input);
        }
    },

    /** Those that follow are not raised to the members' highest term. */
    THE_TERM_IS_NOT_RAISED {
        @Override
        public MembershipChange.Step change(
                MembershipChange.State state, MembershipChange.Input input) {
            MembershipChange.Point point = state.point();
            return MembershipChange.step(
                    point == null
                            ? state
                            : state.with(
                                    new MembershipChange.Point(
                                            point.lastTerm(), point.flush(), Term.NONE)),
                    input);
        }
    },

    /** The joint configuration is left out. */
    ONE_STEP_INSTEAD_OF_TWO {
        @Override
        public MembershipChange.Step change(
                MembershipChange.State state, MembershipChange.Input input) {
            MembershipChange.Step step = MembershipChange.step(state, input);
            List<MembershipChange.Action> actions = new ArrayList<>();
            for (MembershipChange.Action action : step.actions()) {
                actions.add(
                        action
                                        instanceof
                                        MembershipChange.Action.Remember(
                                                Configuration before,
                                                Configuration next)
                                ? new MembershipChange.Action.Remember(
                                        before,
                                        new Configuration(
                                                next.generation(), next.following(), List.of()))
                                : action);
            }
            return new MembershipChange.Step(step.state(), actions);
        }
    };

    private static boolean isMessage(
            AcceptorInput input, Class<? extends ProposerMessage> message) {
        return input instanceof AcceptorInput.Received(ProposerMessage received)
                && message.isInstance(received);
    }

    private static Acceptor.Step without(
            Acceptor.Step step, Class<? extends AcceptorAction> action) {
        return new Acceptor.Step(
                step.state(), step.actions().stream().filter(a -> !action.isInstance(a)).toList());
    }
}
