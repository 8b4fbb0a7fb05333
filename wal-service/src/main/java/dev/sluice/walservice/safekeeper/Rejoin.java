package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.consensus.PeerReport;
import dev.sluice.walservice.consensus.TermHistory;
import dev.sluice.walservice.consensus.TimelineControl;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.RecordBoundary;
import dev.sluice.walservice.wal.WalBytes;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a safekeeper that lost a timeline begins to fill it again, when the others have removed
 * their first segments: not at the timeline's start but with what a peer still has. What is before
 * is committed, and in the object store, so it counts as the beginning of this log, too. It is what
 * copying all of it and then removing it again would give.
 *
 * @param localStart a segment's start
 * @param wal from there to {@code end}
 * @param end of a record, committed
 * @param history of the log up to there
 */
@SuppressWarnings("ArrayRecordComponent") // handed on to be written, never compared
record Rejoin(Lsn localStart, byte[] wal, Lsn end, TermHistory history) {
    private static final Logger log = LoggerFactory.getLogger(Rejoin.class);

    /**
     * @return null if it begins where the timeline does, since nobody who is there has removed
     *     anything
     */
    static @Nullable Rejoin from(List<SafekeeperClient> peers, TenantTimelineId id) {
        for (SafekeeperClient peer : peers) {
            try {
                TimelineStatus status = peer.status(id);
                if (status.localStart().isAfter(status.start())) {
                    return from(peer, status);
                }
            } catch (IOException e) {
                log.info("timeline {}: nothing from {}: {}", id, peer.address(), e.toString());
            }
        }
        return null;
    }

    /**
     * Puts it where a timeline is being made.
     *
     * @param lost without WAL
     * @return the control data to begin with
     */
    TimelineControl begin(Path directory, DiskSpace space, TimelineControl lost)
            throws IOException {
        OffloadFile.write(directory, new OffloadFile.Known(localStart, localStart));
        LocalExtent extent = LocalExtent.open(directory, lost);
        try (WalStore store = new WalStore(directory, space, extent)) {
            store.write(localStart, ByteBuffer.wrap(wal));
            store.sync();
            store.syncSums();
        }
        return lost.from(end, history);
    }

    private static @Nullable Rejoin from(SafekeeperClient peer, TimelineStatus status)
            throws IOException {
        Lsn start = status.localStart();
        Lsn commit = status.commit();
        WalBytes stored =
                (at, into) -> into.put(peer.read(status.id(), at, at.plus(into.remaining())));
        Lsn end = RecordBoundary.firstFrom(stored, start, commit);
        PeerReport report = peer.report(status.id());
        if (end.isAfter(commit)
                || report.commit().isBefore(end)
                || end.minus(start) > SafekeeperClient.MAX_READ) {
            return null; // all of it is right, too, and only takes longer
        }
        return new Rejoin(
                start, peer.read(status.id(), start, end), end, report.history().upTo(end));
    }
}
