package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;

/**
 * An acceptor of one timeline.
 *
 * @param control what is to be remembered
 * @param flush where the log ends, durably, with a whole record
 * @param received the end of all that is durable, at or past {@code flush}
 * @param written the end of all that was appended, at or past {@code received}
 * @param announced the highest commit LSN that the present proposer told, or that is known of what
 *     is being copied, which may be past {@code flush}; {@link Lsn#INVALID} before the first
 * @param copying up to where WAL is being copied from a peer; {@link Lsn#INVALID} when none is
 * @param whole where the log must end for an acceptor that lost its disk to have again all that it
 *     may have acknowledged; {@link Lsn#INVALID} when no proposer has told
 * @param session counts the elected proposers' conversations and the copies, so that what was begun
 *     in an earlier one is told apart
 */
public record AcceptorState(
        TimelineControl control,
        Lsn flush,
        Lsn received,
        Lsn written,
        Lsn announced,
        Lsn copying,
        Lsn whole,
        long session) {

    /**
     * As it comes up.
     *
     * @param end where the log on disk ends, with a whole record
     */
    public static AcceptorState recovered(TimelineControl control, Lsn end) {
        return new AcceptorState(control, end, end, end, Lsn.INVALID, Lsn.INVALID, Lsn.INVALID, 0);
    }

    /** The term that wrote the end of the log. */
    public Term lastLogTerm() {
        return control.history().upTo(flush).lastTerm();
    }

    /** How far it is, as a proposer is told. */
    public AcceptorMessage.Appended progress() {
        return new AcceptorMessage.Appended(
                control.configuration().generation(),
                control.term(),
                control.counts() ? flush : Lsn.INVALID,
                received,
                control.commit());
    }

    /**
     * How far it is, as the other acceptors are told.
     *
     * @param nodeId the acceptor's own
     */
    public PeerReport report(long nodeId) {
        return new PeerReport(
                nodeId,
                control.configuration(),
                control.votes(),
                control.counts() ? control.term() : Term.NONE,
                control.start(),
                flush,
                control.commit(),
                control.history().upTo(flush));
    }

    AcceptorState with(TimelineControl newControl) {
        return new AcceptorState(
                newControl, flush, received, written, announced, copying, whole, session);
    }

    AcceptorState appended(Lsn newWritten) {
        return new AcceptorState(
                control, flush, received, newWritten, announced, copying, whole, session);
    }

    AcceptorState flushed(Lsn newReceived, Lsn newFlush) {
        return new AcceptorState(
                        control, newFlush, newReceived, written, announced, copying, whole, session)
                .committed(announced);
    }

    AcceptorState told(Lsn commit) {
        Lsn highest = Lsn.max(announced, commit);
        return new AcceptorState(
                        control, flush, received, written, highest, copying, whole, session)
                .committed(highest);
    }

    /** With the log cut off at {@code end}, to be filled by a proposer. */
    AcceptorState obeying(TimelineControl newControl, Lsn end, Lsn newWhole) {
        return new AcceptorState(
                newControl, end, end, end, Lsn.INVALID, Lsn.INVALID, newWhole, session + 1);
    }

    /** With the log cut off at {@code end}, to be copied from there on. */
    AcceptorState copying(TimelineControl newControl, Lsn end, Lsn newCopying, Lsn committed) {
        return new AcceptorState(
                newControl, end, end, end, committed, newCopying, Lsn.INVALID, session + 1);
    }

    /**
     * With the log cut off at {@code end}, for nobody: what holds from an {@link
     * AcceptorAction.Truncate} on, should an action after it fail.
     */
    public AcceptorState cutOff(Lsn end) {
        return new AcceptorState(
                control, end, end, end, Lsn.INVALID, Lsn.INVALID, Lsn.INVALID, session + 1);
    }

    /** With all committed up to {@code known}, as far as it is there. */
    AcceptorState committed(Lsn known) {
        Lsn commit = Lsn.min(known, flush);
        return commit.isAfter(control.commit()) ? with(control.withCommit(commit)) : this;
    }
}
