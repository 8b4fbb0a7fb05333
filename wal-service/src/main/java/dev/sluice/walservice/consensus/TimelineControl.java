package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;

/**
 * What an acceptor must remember of a timeline beside its WAL.
 *
 * @param generation the membership's
 * @param start where its log begins
 * @param term the highest that it voted for or obeyed; never falls
 * @param history of its log; its last entries may begin past the log's end
 * @param commit a position known to be committed; the true one may be further on
 */
public record TimelineControl(
        TenantTimelineId id,
        long systemIdentifier,
        int postgresMajor,
        long generation,
        Lsn start,
        Term term,
        TermHistory history,
        Lsn commit) {

    /** A timeline without any WAL yet. */
    public static TimelineControl empty(
            TenantTimelineId id, long systemIdentifier, int postgresMajor, Lsn start, Term term) {
        return new TimelineControl(
                id, systemIdentifier, postgresMajor, 0, start, term, TermHistory.EMPTY, start);
    }

    TimelineControl withTerm(Term newTerm) {
        return new TimelineControl(
                id, systemIdentifier, postgresMajor, generation, start, newTerm, history, commit);
    }

    TimelineControl withHistory(TermHistory newHistory) {
        return new TimelineControl(
                id, systemIdentifier, postgresMajor, generation, start, term, newHistory, commit);
    }

    public TimelineControl withCommit(Lsn newCommit) {
        return new TimelineControl(
                id, systemIdentifier, postgresMajor, generation, start, term, history, newCommit);
    }
}
