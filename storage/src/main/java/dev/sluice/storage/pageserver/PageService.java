package dev.sluice.storage.pageserver;

import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a pageserver does for the other parts. Implemented by the pageserver itself and by its
 * client over a socket, so a caller need not know whether they share a process. All calls block;
 * errors say which timeline and why.
 */
public interface PageService {

    /**
     * What is known of one timeline.
     *
     * @param ancestor the timeline that it is a branch of
     * @param ancestorLsn where it branched off; invalid without an ancestor
     * @param lastRecordLsn the end of the last ingested record
     * @param diskConsistentLsn what survives a crash of the pageserver without reading WAL again
     * @param sizeBytes of its own layer files
     * @param ingestFailure why ingest stopped; null while it goes on, or waits for WAL
     */
    record TimelineStatus(
            TenantTimelineId id,
            @Nullable TimelineId ancestor,
            Lsn ancestorLsn,
            Lsn lastRecordLsn,
            Lsn diskConsistentLsn,
            long sizeBytes,
            @Nullable String ingestFailure) {}

    /**
     * Makes a timeline from a cleanly stopped data directory that {@code initdb} made.
     *
     * @param dataDirectory the template, readable by the pageserver
     * @param systemIdentifier the new cluster's own, written into its control file in place of the
     *     template's
     * @return the LSN at which the timeline begins: the end of the template's WAL
     */
    Lsn createTimeline(TenantTimelineId id, Path dataDirectory, long systemIdentifier)
            throws IOException;

    /**
     * Makes a timeline that begins as a copy of {@code parent} at {@code at}, a record boundary.
     * Moves no data.
     */
    void branchTimeline(TenantTimelineId parent, TimelineId child, Lsn at) throws IOException;

    /**
     * Deletes a timeline; does nothing if there is none, so that a deletion that was cut short can
     * be completed.
     *
     * @throws IOException if it has a branch
     */
    void deleteTimeline(TenantTimelineId id) throws IOException;

    /**
     * Starts (or goes on) ingesting the timeline's WAL from the first of these safekeepers that
     * answers.
     */
    void attachWal(TenantTimelineId id, List<PartAddress> safekeepers) throws IOException;

    TimelineStatus status(TenantTimelineId id) throws IOException;

    List<TimelineStatus> timelines() throws IOException;

    /**
     * Waits until everything before {@code lsn} is ingested.
     *
     * @throws IOException when it did not happen in time; the message says how far ingest is
     */
    void waitForLsn(TenantTimelineId id, Lsn lsn, Duration limit) throws IOException;

    /**
     * Reads consecutive pages of one fork at an LSN that is already ingested.
     *
     * @param into receives {@code count} × 8192 bytes; a block that the relation has but nothing
     *     ever wrote is zeros
     * @throws IOException when a block is not below the fork's size there, or cannot be made
     */
    void readPages(
            TenantTimelineId id,
            Lsn at,
            RelFileLocator relation,
            Fork fork,
            int firstBlock,
            int count,
            ByteBuffer into)
            throws IOException;

    /**
     * A version of what a key names.
     *
     * @param lsn the end of the record that made it
     */
    record Version(Lsn lsn, Value value) {}

    /**
     * The content of a key, changes applied, at an LSN that is already ingested. For looking into
     * what is stored: pages that computes need are read by {@link #readPages}.
     *
     * @return null when it does not exist there
     * @throws IOException also when the LSN is before the beginning of the timeline's history
     */
    byte @Nullable [] read(TenantTimelineId id, Key key, Lsn at) throws IOException;

    /**
     * What {@link #read} makes that content of, newest first: down to the newest image, or the
     * record that makes it from nothing, or all there is.
     */
    List<Version> versions(TenantTimelineId id, Key key, Lsn at) throws IOException;

    /**
     * Everything but relation pages that a fresh data directory needs to start at {@code at}, a
     * record boundary.
     */
    BaseBackup baseBackup(TenantTimelineId id, Lsn at) throws IOException;
}
