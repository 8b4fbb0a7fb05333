package dev.sluice.walservice.client;

import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;

/**
 * What a safekeeper holds of a timeline.
 *
 * @param systemIdentifier the database cluster's, as in {@code pg_control}
 * @param postgresMajor for example 17
 * @param configuration who decides about it, as far as the safekeeper has heard
 * @param term the highest it has voted for
 * @param lastLogTerm the term that wrote the WAL just before {@code flush}; none when it has no WAL
 * @param start where the timeline's own WAL begins; what is before belongs to its parent
 * @param flush the end of the last whole record that is on this safekeeper's disk
 * @param commit the end of what it knows to be on a quorum, never past {@code flush}
 * @param feedback the last that it heard of the timeline's pageserver, itself or from a peer
 * @param node the safekeeper's number
 * @param localStart where the WAL begins that is on its disk; what is before, it reads from the
 *     object store
 * @param offloaded up to where the timeline's WAL is in the object store; {@link Lsn#INVALID} if
 *     none is, as far as it knows
 * @param offload how it gets on with that
 */
public record TimelineStatus(
        TenantTimelineId id,
        long systemIdentifier,
        int postgresMajor,
        Configuration configuration,
        Term term,
        Term lastLogTerm,
        Lsn start,
        Lsn flush,
        Lsn commit,
        PageserverFeedback feedback,
        long node,
        Lsn localStart,
        Lsn offloaded,
        OffloadReport offload) {}
