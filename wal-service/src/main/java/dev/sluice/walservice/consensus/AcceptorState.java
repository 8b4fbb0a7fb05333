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
 * @param announced the highest commit LSN that the present proposer told, which may be past {@code
 *     flush}
 * @param session counts the elected proposers' conversations, so that what was begun in an earlier
 *     one is told apart
 */
public record AcceptorState(
        TimelineControl control,
        Lsn flush,
        Lsn received,
        Lsn written,
        Lsn announced,
        long session) {

    /**
     * As it comes up.
     *
     * @param end where the log on disk ends, with a whole record
     */
    public static AcceptorState recovered(TimelineControl control, Lsn end) {
        return new AcceptorState(control, end, end, end, control.commit(), 0);
    }

    /** The term that wrote the end of the log. */
    public Term lastLogTerm() {
        return control.history().upTo(flush).lastTerm();
    }

    /** How far it is, as a proposer is told. */
    public AcceptorMessage.Appended progress() {
        return new AcceptorMessage.Appended(control.term(), flush, received, control.commit());
    }

    AcceptorState with(TimelineControl newControl) {
        return new AcceptorState(newControl, flush, received, written, announced, session);
    }

    AcceptorState appended(Lsn newWritten) {
        return new AcceptorState(control, flush, received, newWritten, announced, session);
    }

    AcceptorState flushed(Lsn newReceived, Lsn newFlush) {
        return new AcceptorState(control, newFlush, newReceived, written, announced, session)
                .committed();
    }

    AcceptorState told(Lsn commit) {
        return new AcceptorState(
                        control, flush, received, written, Lsn.max(announced, commit), session)
                .committed();
    }

    AcceptorState beginSession(TimelineControl newControl, Lsn end) {
        return new AcceptorState(newControl, end, end, end, newControl.commit(), session + 1);
    }

    private AcceptorState committed() {
        Lsn commit = Lsn.min(announced, flush);
        return commit.isAfter(control.commit()) ? with(control.withCommit(commit)) : this;
    }
}
