package dev.sluice.walservice.consensus;

import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.List;

/**
 * The acceptor's half of the protocol, as a function.
 *
 * <p>Whoever drives it performs a step's actions in their order and takes the new state only when
 * all have succeeded; when one fails, the old state holds and the conversation ends.
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
                        case ProposerMessage.VoteRequest m -> vote(state, m);
                        case ProposerMessage.Elected m -> obey(state, m);
                        case ProposerMessage.Append m -> append(state, m);
                    };
            case AcceptorInput.Flushed m -> flushed(state, m);
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
        if (greeting.generation() != control.generation()) {
            return refuse(
                    state,
                    Refusal.OTHER_GENERATION,
                    "membership generation is "
                            + control.generation()
                            + ", the proposer's is "
                            + greeting.generation());
        }
        return reply(state, new AcceptorMessage.Greeted(nodeId, control.term()));
    }

    private static Step vote(AcceptorState state, ProposerMessage.VoteRequest request) {
        if (request.term().compareTo(state.control().term()) <= 0) {
            return reply(state, ballot(state, false));
        }
        AcceptorState voted = state.with(state.control().withTerm(request.term()));
        return new Step(
                voted,
                new AcceptorAction.Persist(voted.control()),
                new AcceptorAction.Reply(ballot(voted, true)));
    }

    private static AcceptorMessage ballot(AcceptorState state, boolean given) {
        TimelineControl control = state.control();
        return new AcceptorMessage.Voted(
                control.term(),
                given,
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
        AcceptorState begun = state.beginSession(obeying, common);
        List<AcceptorAction> actions = new ArrayList<>(3);
        if (state.written().isAfter(common)) {
            // before the history says whose the WAL from there on is
            actions.add(new AcceptorAction.Truncate(common));
        }
        actions.add(new AcceptorAction.Persist(obeying));
        actions.add(new AcceptorAction.Reply(begun.progress()));
        return new Step(begun, actions);
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
        return reply(durable, durable.progress());
    }

    private static Step reply(AcceptorState state, AcceptorMessage message) {
        return new Step(state, new AcceptorAction.Reply(message));
    }

    private static Step refuse(AcceptorState state, Refusal refusal, String reason) {
        return new Step(state, new AcceptorAction.Refuse(refusal, reason));
    }
}
