package dev.sluice.controlplane.project;

import dev.sluice.walservice.client.OffloadReport;
import dev.sluice.walservice.client.SpaceReport;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** What the control plane asks of the safekeepers, all of them at once. */
public interface WalServices {

    /**
     * What one safekeeper says of a timeline.
     *
     * @param localStart where the WAL begins that is on its disk
     * @param offloaded up to where the WAL is in the object store; {@link Lsn#INVALID} if none is
     * @param offload how it gets on with bringing it there
     */
    record Position(
            long safekeeper,
            long term,
            Lsn flushLsn,
            Lsn commitLsn,
            Lsn localStart,
            Lsn offloaded,
            OffloadReport offload) {}

    /** What is durable on a quorum of a timeline's own WAL. */
    record Extent(Lsn start, Lsn end) {}

    /** Where the timeline's safekeepers are. */
    List<PartAddress> addresses(TenantTimelineId id) throws IOException;

    /**
     * Notes that a timeline is going to be made, before any part has anything of it: whatever comes
     * of it can be taken back then, by the next run of the control plane if need be.
     */
    void begin(TenantTimelineId id);

    /** Every timeline that was begun and is neither deleted nor taken back. */
    Set<TenantTimelineId> begun();

    /**
     * Makes the WAL of a timeline that was begun start at {@code start}, on a majority of the
     * safekeepers at least.
     *
     * @throws IOException if that is not to be had
     */
    void create(TenantTimelineId id, long systemIdentifier, int pgVersion, Lsn start)
            throws IOException;

    /**
     * Sees whether the timeline can be deleted: each of its safekeepers must answer.
     *
     * @throws IOException if not; names those that do not
     */
    void requireDeletable(TenantTimelineId id) throws IOException;

    /**
     * Forgets the timeline, on every safekeeper. Does nothing where that was done already.
     *
     * @throws IOException if it could not be done everywhere; it may be tried again
     */
    void delete(TenantTimelineId id) throws IOException;

    /** As {@link #delete} of a timeline that nobody has used; passes over who does not answer. */
    void takeBack(TenantTimelineId id) throws IOException;

    /** Of each safekeeper that answers. */
    List<Position> positions(TenantTimelineId id);

    /** How much room each safekeeper that answers has. */
    List<SpaceReport> space();

    /** The newest position that is known to be durable on a quorum. */
    Lsn commitLsn(TenantTimelineId id) throws IOException;

    /**
     * The end of the last whole record at or before {@code lsn}, which the timeline's own WAL
     * covers.
     *
     * @throws Refusal when {@code lsn} lies before the timeline's first own WAL
     */
    Lsn recordBoundary(TenantTimelineId id, Lsn lsn) throws IOException;

    /** From where to where the timeline's own WAL goes. */
    Extent extent(TenantTimelineId id) throws IOException;

    /** A piece of the timeline's own WAL, which {@link #extent} covers; one segment at most. */
    byte[] read(TenantTimelineId id, Lsn from, Lsn to) throws IOException;
}
