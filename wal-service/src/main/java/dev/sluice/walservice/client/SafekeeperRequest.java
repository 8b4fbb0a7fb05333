package dev.sluice.walservice.client;

import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import org.jspecify.annotations.Nullable;

/** What anyone but a proposer asks of a safekeeper; laid out by {@link SafekeeperProtocol}. */
public sealed interface SafekeeperRequest {

    /**
     * Answered with the timeline's status.
     *
     * @param configuration who decides about it; a newer one than the safekeeper's is taken over
     * @param term {@link Term#NONE} at the timeline's birth. Else the one that an elected proposer
     *     leads, which gives a safekeeper that lost the timeline an empty one: that does not vote
     *     until the proposer has filled it
     */
    record Create(
            TenantTimelineId id,
            long systemIdentifier,
            int postgresMajor,
            Configuration configuration,
            Lsn start,
            Term term)
            implements SafekeeperRequest {}

    /**
     * There is a configuration, which the safekeeper takes over if it is newer than its own.
     * Answered with a {@link SafekeeperReply.Report}.
     *
     * @param term what its own is raised to, if that is lower
     */
    record Configure(TenantTimelineId id, Configuration configuration, Term term)
            implements SafekeeperRequest {}

    /**
     * The timeline is no more, nor are its objects. Answered with no status, also when there was no
     * such timeline.
     */
    record Delete(TenantTimelineId id) implements SafekeeperRequest {}

    /**
     * The safekeeper has no say in the timeline any more, and gives up what it has of it; its
     * objects are those of the others. Answered as {@link Delete}.
     */
    record Leave(TenantTimelineId id) implements SafekeeperRequest {}

    /** Answered with the timeline's status. */
    record Status(TenantTimelineId id) implements SafekeeperRequest {}

    /** Answered with the status of all timelines. */
    record ListTimelines() implements SafekeeperRequest {}

    /**
     * Answered with the WAL in chunks, from {@code from} to {@code to}, committed or not.
     *
     * @param term if given, refused unless this is the safekeeper's term: what is not committed may
     *     change in another
     */
    record Read(TenantTimelineId id, Lsn from, Lsn to, @Nullable Term term)
            implements SafekeeperRequest {}

    /** How the timeline's acceptor is; answered with a {@link SafekeeperReply.Report}. */
    record Report(TenantTimelineId id) implements SafekeeperRequest {}

    /** Answered with committed WAL from {@code from} on, until either side hangs up. */
    record Stream(TenantTimelineId id, Lsn from) implements SafekeeperRequest {}

    /** How much room there is; answered with a {@link SafekeeperReply.Space}. */
    record Space() implements SafekeeperRequest {}

    /**
     * What the timeline's pageserver says in the conversation that streams WAL to it, at any time.
     * Not answered.
     */
    record Feedback(PageserverFeedback feedback) implements SafekeeperRequest {}
}
