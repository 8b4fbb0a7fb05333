package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;

/**
 * What an acceptor must remember of a timeline beside its WAL.
 *
 * @param configuration who decides about it, as far as the acceptor has heard
 * @param start where its log begins
 * @param term the highest that it voted for or obeyed; never falls
 * @param votesAbove {@link Term#NONE} for an acceptor that remembers all that it ever promised. One
 *     that lost its disk may have promised anything up to this term: what it says in one of those
 *     counts for nothing, and it votes in none, until a leader of a later one has filled it
 * @param history of its log; its last entries may begin past the log's end
 * @param commit a position known to be committed; the true one may be further on
 */
public record TimelineControl(
        TenantTimelineId id,
        long systemIdentifier,
        int postgresMajor,
        Configuration configuration,
        Lsn start,
        Term term,
        Term votesAbove,
        TermHistory history,
        Lsn commit) {

    /**
     * How many terms an acceptor that lost its disk leaves out. A candidate stands in the term
     * after the highest it has seen, so it takes this many elections that no acceptor but the lost
     * one heard of to reach a promise that it has forgotten.
     */
    public static final long FORGOTTEN_TERMS = 1 << 20;

    /** A timeline at its birth, without any WAL yet. */
    public static TimelineControl born(
            TenantTimelineId id,
            long systemIdentifier,
            int postgresMajor,
            Configuration configuration,
            Lsn start) {
        return new TimelineControl(
                id,
                systemIdentifier,
                postgresMajor,
                configuration,
                start,
                Term.NONE,
                Term.NONE,
                TermHistory.EMPTY,
                start);
    }

    /**
     * A timeline that the acceptor has lost: without WAL, and without a vote.
     *
     * @param term the one it begins in
     */
    public static TimelineControl lost(
            TenantTimelineId id,
            long systemIdentifier,
            int postgresMajor,
            Configuration configuration,
            Lsn start,
            Term term) {
        return born(id, systemIdentifier, postgresMajor, configuration, start)
                .withTerm(term)
                .withVotesAbove(new Term(Math.addExact(term.number(), FORGOTTEN_TERMS)));
    }

    /**
     * A timeline that the acceptor has lost, which it begins to fill not at its start but at a
     * position up to which all WAL is committed, and to be had elsewhere: that counts as its own.
     *
     * @param committed the end of a record
     * @param upTo of the log up to there
     */
    public TimelineControl from(Lsn committed, TermHistory upTo) {
        TimelineControl begun = withHistory(upTo).withCommit(committed);
        return upTo.lastTerm().compareTo(term) > 0 ? begun.withTerm(upTo.lastTerm()) : begun;
    }

    /** Whether it remembers all that it ever promised. */
    public boolean votes() {
        return votesAbove.equals(Term.NONE);
    }

    /** Whether what it says in its present term counts. */
    boolean counts() {
        return term.compareTo(votesAbove) > 0 || votes();
    }

    TimelineControl withTerm(Term newTerm) {
        return new TimelineControl(
                id,
                systemIdentifier,
                postgresMajor,
                configuration,
                start,
                newTerm,
                votesAbove,
                history,
                commit);
    }

    TimelineControl withConfiguration(Configuration newConfiguration) {
        return new TimelineControl(
                id,
                systemIdentifier,
                postgresMajor,
                newConfiguration,
                start,
                term,
                votesAbove,
                history,
                commit);
    }

    TimelineControl withVotesAbove(Term newVotesAbove) {
        return new TimelineControl(
                id,
                systemIdentifier,
                postgresMajor,
                configuration,
                start,
                term,
                newVotesAbove,
                history,
                commit);
    }

    TimelineControl withHistory(TermHistory newHistory) {
        return new TimelineControl(
                id,
                systemIdentifier,
                postgresMajor,
                configuration,
                start,
                term,
                votesAbove,
                newHistory,
                commit);
    }

    public TimelineControl withCommit(Lsn newCommit) {
        return new TimelineControl(
                id,
                systemIdentifier,
                postgresMajor,
                configuration,
                start,
                term,
                votesAbove,
                history,
                newCommit);
    }
}
