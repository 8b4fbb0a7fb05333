package dev.sluice.walservice.consensus;

import dev.sluice.walservice.consensus.AcceptorMessage.Ballot;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.List;

/**
 * The acceptor's half of the protocol, as a function.
 *
 * <p>Whoever drives it performs a step's actions in their order and takes the new state only when
 * all have succeeded; when one fails, the old state holds, {@link AcceptorState#cutOff cut off} if
 * the log was, and the conversation ends.
 *
 * <p>An acceptor that lost its disk is a danger, since it has forgotten whom it voted for and what
 * it acknowledged. So it begins anew without a vote, and nothing that it takes counts ({@link
 * TimelineControl#votesAbove}), until the others elect a leader in a term above all that it can
 * have promised anything in, and that leader has filled it.
 *
 * <p>What holds in every state: {@code start <= commit <= flush <= received <= written}; terms
 * never fall; nothing below the commit LSN is ever removed.
 */
public final class Acceptor {
    /** The WAL segment size of all that Sluice runs. */
    public static final int SEGMENT_SIZE = 16 << 20;

    private Acceptor() {}

    public record Step(AcceptorState state, List<AcceptorAction> actions) {
        public Step {
            actions = List.copyOf(actions);
        }

        Step(AcceptorState state, AcceptorAction... actions) {
            this(state, List.of(actions));
        }
    }

    /**
     * @param nodeId the acceptor's own
     */
    public static Step step(long nodeId, AcceptorState state, AcceptorInput input) {
        return switch (input) {
            case AcceptorInput.Received(ProposerMessage message) ->
                    switch (message) {
                        case ProposerMessage.Greeting m -> greet(nodeId, state, m);
                        case ProposerMessage.VoteRequest m ->
                                m.generation() == generation(state)
                                        ? vote(state, m)
                                        : otherGeneration(state, m.generation());
                        case ProposerMessage.Elected m ->
                                m.generation() == generation(state)
                                        ? obey(state, m)
                                        : otherGeneration(state, m.generation());
                        case ProposerMessage.Append m ->
                                m.generation() == generation(state)
                                        ? append(state, m)
                                        : otherGeneration(state, m.generation());
                    };
            case AcceptorInput.Flushed m -> flushed(state, m);
            case AcceptorInput.Configured m -> configured(state, m);
            case AcceptorInput.PeersReported m -> PeerRecovery.compare(nodeId, state, m);
            case AcceptorInput.Copied m -> PeerRecovery.copied(state, m);
        };
    }

    private static Step greet(long nodeId, AcceptorState state, ProposerMessage.Greeting greeting) {
        TimelineControl control = state.control();
        if (greeting.systemIdentifier() != control.systemIdentifier()
                || greeting.postgresMajor() != control.postgresMajor()
                || greeting.segmentSize() != SEGMENT_SIZE) {
            return refuse(
                    state,
                    Refusal.OTHER_TIMELINE,
                    String.format(
                            "timeline %s is of system %d, Postgres %d, segments of %d;"
                                    + " the proposer's is of system %d, Postgres %d, segments of %d",
                            control.id(),
                            control.systemIdentifier(),
                            control.postgresMajor(),
                            SEGMENT_SIZE,
                            greeting.systemIdentifier(),
                            greeting.postgresMajor(),
                            greeting.segmentSize()));
        }
        Configuration offered = greeting.configuration();
        if (offered.generation() == generation(state) && !offered.equals(control.configuration())) {
            return refuse(
                    state,
                    Refusal.OTHER_GENERATION,
                    "the configuration here is "
                            + control.configuration()
                            + ", the proposer's is "
                            + offered);
        }
        Step step = adopt(state, offered);
        List<AcceptorAction> actions = new ArrayList<>(step.actions());
        TimelineControl now = step.state().control();
        actions.add(
                new AcceptorAction.Reply(
                        new AcceptorMessage.Greeted(
                                nodeId, now.configuration(), now.term(), now.votesAbove())));
        return new Step(step.state(), actions);
    }

    private static long generation(AcceptorState state) {
        return state.control().configuration().generation();
    }

    private static Step otherGeneration(AcceptorState state, long proposers) {
        return proposers < generation(state)
                ? reply(state, new AcceptorMessage.Superseded(state.control().configuration()))
                : refuse(
                        state,
                        Refusal.BAD_REQUEST,
                        "a message of generation " + proposers + " before its greeting");
    }

    /** Goes by a configuration if it is newer. All who wait for promises of the older are told. */
    static Step adopt(AcceptorState state, Configuration configuration) {
        if (configuration.generation() <= generation(state)) {
            return new Step(state);
        }
        AcceptorState now = state.with(state.control().withConfiguration(configuration));
        return new Step(
                now,
                new AcceptorAction.Persist(now.control()),
                new AcceptorAction.Notify(new AcceptorMessage.Superseded(configuration)));
    }

    private static Step configured(AcceptorState state, AcceptorInput.Configured configured) {
        Step step = adopt(state, configured.configuration());
        TimelineControl control = step.state().control();
        if (configured.term().compareTo(control.term()) <= 0) {
            return step;
        }
        AcceptorState raised = step.state().with(control.withTerm(configured.term()));
        List<AcceptorAction> actions = new ArrayList<>(step.actions());
        actions.add(new AcceptorAction.Persist(raised.control()));
        actions.add(new AcceptorAction.Notify(raised.progress()));
        return new Step(raised, actions);
    }

    private static Step vote(AcceptorState state, ProposerMessage.VoteRequest request) {
        if (request.term().compareTo(state.control().term()) <= 0) {
            return reply(state, voted(state, Ballot.REFUSED));
        }
        AcceptorState voted = state.with(state.control().withTerm(request.term()));
        return new Step(
                voted,
                new AcceptorAction.Persist(voted.control()),
                new AcceptorAction.Reply(
                        voted(voted, voted.control().votes() ? Ballot.GIVEN : Ballot.ABSTAINED)),
                new AcceptorAction.Notify(voted.progress()));
    }

    private static AcceptorMessage voted(AcceptorState state, Ballot ballot) {
        TimelineControl control = state.control();
        return new AcceptorMessage.Voted(
                generation(state),
                control.term(),
                ballot,
                control.start(),
                state.flush(),
                control.history().upTo(state.flush()));
    }

    private static Step obey(AcceptorState state, ProposerMessage.Elected elected) {
        TimelineControl control = state.control();
        if (elected.term().compareTo(control.term()) < 0) {
            return reply(state, state.progress());
        }
        Lsn common = elected.history().divergence(control.history(), state.flush());
        if (common == null) {
            common = control.start();
        }
        if (!elected.history().lastTerm().equals(elected.term())
                || !elected.streamFrom().equals(common)) {
            return refuse(
                    state,
                    Refusal.BAD_REQUEST,
                    String.format(
                            "proposer of term %s with history %s would stream from %s;"
                                    + " the log here, to %s with history %s, is common to %s",
                            elected.term(),
                            elected.history(),
                            elected.streamFrom(),
                            state.flush(),
                            control.history(),
                            common));
        }
        if (common.isBefore(control.commit())) {
            return refuse(
                    state,
                    Refusal.BAD_REQUEST,
                    "proposer of term "
                            + elected.term()
                            + " would truncate at "
                            + common
                            + ", below the committed "
                            + control.commit());
        }
        TimelineControl obeying = control.withTerm(elected.term()).withHistory(elected.history());
        AcceptorState begun = state.obeying(obeying, common, elected.end());
        List<AcceptorAction> actions = new ArrayList<>(5);
        if (state.written().isAfter(common)) {
            // before the history says whose the WAL from there on is
            actions.add(new AcceptorAction.Truncate(common));
        }
        actions.add(new AcceptorAction.Persist(obeying));
        Step readmitted = readmit(begun);
        actions.addAll(readmitted.actions());
        actions.add(new AcceptorAction.Reply(begun.progress()));
        if (!elected.term().equals(control.term())) {
            actions.add(new AcceptorAction.Notify(begun.progress()));
        }
        return new Step(readmitted.state(), actions);
    }

    private static Step append(AcceptorState state, ProposerMessage.Append append) {
        TimelineControl control = state.control();
        if (append.term().compareTo(control.term()) < 0) {
            return reply(state, state.progress());
        }
        if (!append.term().equals(control.term())
                || !control.history().lastTerm().equals(append.term())) {
            return refuse(
                    state,
                    Refusal.BAD_REQUEST,
                    "append in term " + append.term() + " before its election was told");
        }
        if (!append.begin().equals(state.written())) {
            return refuse(
                    state,
                    Refusal.BAD_REQUEST,
                    "append at " + append.begin() + ", the log ends at " + state.written());
        }
        boolean news = append.commit().isAfter(state.announced());
        AcceptorState told = news ? state.told(append.commit()) : state;
        if (append.wal().hasRemaining()) {
            return new Step(
                    told.appended(append.end()),
                    new AcceptorAction.Write(append.begin(), append.wal()));
        }
        return news ? new Step(told) : reply(told, told.progress());
    }

    private static Step flushed(AcceptorState state, AcceptorInput.Flushed flushed) {
        if (flushed.session() != state.session() || flushed.received().isBefore(state.received())) {
            return new Step(state);
        }
        AcceptorState durable =
                state.flushed(flushed.received(), Lsn.max(state.flush(), flushed.recordEnd()));
        Step readmitted = readmit(durable);
        List<AcceptorAction> actions = new ArrayList<>(readmitted.actions());
        actions.add(new AcceptorAction.Reply(readmitted.state().progress()));
        return new Step(readmitted.state(), actions);
    }

    /**
     * Lets an acceptor that had lost its disk vote again, when nothing that it has forgotten can do
     * harm any more. Its promises: all in terms below that of the leader that fills it, whom a
     * quorum of the others elected. Its log: what counted of what it ever acknowledged is below the
     * end that the leader's log had when it began to fill it.
     */
    private static Step readmit(AcceptorState state) {
        TimelineControl control = state.control();
        if (control.votes()
                || !control.counts()
                || !state.whole().isValid()
                || state.flush().isBefore(state.whole())) {
            return new Step(state);
        }
        AcceptorState voting = state.with(control.withVotesAbove(Term.NONE));
        return new Step(voting, new AcceptorAction.Persist(voting.control()));
    }

    private static Step reply(AcceptorState state, AcceptorMessage message) {
        return new Step(state, new AcceptorAction.Reply(message));
    }

    static Step refuse(AcceptorState state, Refusal refusal, String reason) {
        return new Step(state, new AcceptorAction.Refuse(refusal, reason));
    }
}
