package dev.sluice.walservice.consensus;

import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;

/** What an {@link Acceptor} wants done. */
public sealed interface AcceptorAction {

    /** Make the control data durable. */
    record Persist(TimelineControl control) implements AcceptorAction {}

    /** Durably remove all WAL from there on, so that no later recovery can find it. */
    record Truncate(Lsn end) implements AcceptorAction {}

    /** Write WAL; not yet durably. */
    record Write(Lsn at, ByteBuffer wal) implements AcceptorAction {}

    record Reply(AcceptorMessage message) implements AcceptorAction {}

    /** Tell it to every proposer in conversation but the one that is answered. */
    record Notify(AcceptorMessage message) implements AcceptorAction {}

    /**
     * Get WAL from a peer and give it in pieces, as {@link AcceptorInput.Copied}.
     *
     * @param peer the index of the report that showed it
     * @param session to be given with each piece
     * @param history of the log that is copied. The peer may cut off what is not committed, and get
     *     another log: a piece counts only if after it was read the peer's history up to its end is
     *     this one's
     */
    record Copy(int peer, Lsn from, Lsn to, long session, TermHistory history)
            implements AcceptorAction {

        /** Whether a peer's log is up to {@code end} the one that is copied. */
        public boolean isOf(TermHistory theirs, Lsn theirFlush, Lsn end) {
            Lsn common = history.upTo(end).divergence(theirs, theirFlush);
            return common != null && !common.isBefore(end);
        }
    }

    /** Tell the proposer why not, and end the conversation. */
    record Refuse(Refusal refusal, String reason) implements AcceptorAction {}
}
