package dev.sluice.walservice.offload;

import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.util.List;

/**
 * How much of its local WAL a safekeeper may remove: whole segments that are in the object store,
 * that the pageserver has made durable in its own form, and that no other safekeeper still has to
 * copy. The segment in which the committed WAL ends stays.
 */
public final class TrimHorizon {
    private TrimHorizon() {}

    /**
     * What another safekeeper needs.
     *
     * @param seen whether it has answered since this safekeeper came up
     * @param flush where its log ended when it last answered; everything from there on it may ask
     *     for
     * @param silentSeconds for how long it has not answered
     */
    public record Peer(boolean seen, Lsn flush, long silentSeconds) {}

    /**
     * @param localStart where the local WAL begins now
     * @param offloaded up to where all of the timeline's WAL is in the object store; {@link
     *     Lsn#INVALID} if not known
     * @param ingested up to where the pageserver needs no WAL any more; {@link Lsn#INVALID} if not
     *     known
     * @param commit the commit LSN that is on disk
     * @param patienceSeconds after so long a silence a peer is not waited for: the object store has
     *     what it lacks
     * @return where the local WAL may begin: a segment's start, or {@code localStart}
     */
    public static Lsn of(
            Lsn localStart,
            Lsn offloaded,
            Lsn ingested,
            Lsn commit,
            List<Peer> peers,
            long patienceSeconds) {
        Lsn horizon = Lsn.min(offloaded, ingested);
        for (Peer peer : peers) {
            if (peer.silentSeconds <= patienceSeconds) {
                horizon = Lsn.min(horizon, peer.seen ? peer.flush : Lsn.INVALID);
            }
        }
        if (commit.isAfter(Lsn.INVALID)) {
            horizon = Lsn.min(horizon, commit.plus(-1));
        }
        return Lsn.max(localStart, WalSegments.segmentStart(horizon));
    }
}
