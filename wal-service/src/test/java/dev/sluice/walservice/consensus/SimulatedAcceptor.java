package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * An acceptor with a simulated disk. The log is in words of eight bytes; a word's lowest bit says
 * whether a record ends with it. What is written and not flushed is lost, in part, by a crash.
 */
final class SimulatedAcceptor {
    static final Lsn START = new Lsn(800);
    static final TenantTimelineId ID =
            new TenantTimelineId(new TenantId(1, 2), new TimelineId(3, 4));
    private static final int WORDS = 1 << 14;

    private final int number;
    private final long[] log = new long[WORDS];
    private TimelineControl disk = TimelineControl.empty(ID, 42, 17, START, Term.NONE);
    private Lsn durable = START;
    AcceptorState state = AcceptorState.recovered(disk, START);
    int truncations;

    SimulatedAcceptor(int number) {
        this.number = number;
    }

    long word(Lsn at) {
        return log[(int) (at.value() / 8)];
    }

    /** The answer, if there is one; throws if the message is refused. */
    @Nullable AcceptorMessage receive(ProposerMessage message) {
        boolean election =
                message instanceof ProposerMessage.VoteRequest
                        || message instanceof ProposerMessage.Elected;
        if (election && state.written().isAfter(state.received())) {
            flush();
        }
        return step(new AcceptorInput.Received(message));
    }

    boolean hasUnflushed() {
        return state.written().isAfter(state.received());
    }

    @Nullable AcceptorMessage flush() {
        durable = state.written();
        return step(
                new AcceptorInput.Flushed(
                        state.session(), state.written(), recordEnd(state.written())));
    }

    private @Nullable AcceptorMessage step(AcceptorInput input) {
        Acceptor.Step step = Acceptor.step(number, state, input);
        AcceptorMessage reply = null;
        for (AcceptorAction action : step.actions()) {
            switch (action) {
                case AcceptorAction.Persist(TimelineControl control) -> disk = control;
                case AcceptorAction.Truncate(Lsn end) -> {
                    if (end.isBefore(state.control().commit())) {
                        throw new AssertionError("truncation below commit: " + end);
                    }
                    truncations++;
                    erase(end);
                }
                case AcceptorAction.Write(Lsn at, ByteBuffer wal) -> {
                    int index = (int) (at.value() / 8);
                    for (ByteBuffer rest = wal.duplicate(); rest.hasRemaining(); ) {
                        log[index++] = rest.getLong();
                    }
                }
                case AcceptorAction.Reply(AcceptorMessage message) -> reply = message;
                case AcceptorAction.Refuse(Refusal refusal, String reason) ->
                        throw new AssertionError(refusal + ": " + reason);
            }
        }
        check(state, step.state());
        state = step.state();
        return reply;
    }

    private static void check(AcceptorState before, AcceptorState after) {
        boolean ordered =
                !after.control().start().isAfter(after.control().commit())
                        && !after.control().commit().isAfter(after.flush())
                        && !after.flush().isAfter(after.received())
                        && !after.received().isAfter(after.written());
        if (!ordered
                || after.control().term().compareTo(before.control().term()) < 0
                || after.control().commit().isBefore(before.control().commit())) {
            throw new AssertionError("from " + before + " to " + after);
        }
    }

    private Lsn recordEnd(Lsn upTo) {
        Lsn end = upTo;
        while (end.isAfter(START) && (word(end.plus(-8)) & 1) == 0) {
            end = end.plus(-8);
        }
        return end;
    }

    private void erase(Lsn from) {
        Arrays.fill(log, (int) (from.value() / 8), WORDS, 0);
        durable = Lsn.min(durable, from);
    }

    /** Comes up again with what was durable and a part of what was not. */
    void crash(Random random) {
        long unsynced = state.written().minus(durable) / 8;
        Lsn kept = durable.plus(8 * (unsynced == 0 ? 0 : random.nextLong(unsynced + 1)));
        Lsn end = recordEnd(kept);
        erase(end);
        durable = end;
        state = AcceptorState.recovered(disk, end);
    }
}
