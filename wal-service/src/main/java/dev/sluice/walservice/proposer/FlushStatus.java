package dev.sluice.walservice.proposer;

import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.List;

/**
 * How far a proposer and each of its safekeepers are.
 *
 * @param available the end of the last whole record found in the compute's WAL
 * @param commit the end of what is on a quorum
 * @param flushes how many flushes have returned
 * @param fenced whether a newer proposer has won
 * @param pageserver the last that was heard of the timeline's pageserver, through safekeepers
 * @param lag bytes of WAL that the pageserver is behind what was written
 * @param lagLimit where commits wait for it altogether
 * @param heldBack whether a commit is waiting for it just now
 * @param delays how many commits have been held back
 * @param delayNanos for how long, together
 */
public record FlushStatus(
        Term term,
        Lsn start,
        Lsn available,
        Lsn commit,
        long flushes,
        boolean fenced,
        PageserverFeedback pageserver,
        long lag,
        long lagLimit,
        boolean heldBack,
        long delays,
        long delayNanos,
        List<Peer> safekeepers) {

    public FlushStatus {
        safekeepers = List.copyOf(safekeepers);
    }

    /**
     * @param node the safekeeper's
     * @param streaming whether it is connected and takes appends
     * @param condition how it is, in words: the last failure when it is not streaming
     * @param flush the last that it acknowledged; {@link Lsn#INVALID} before the first time
     */
    public record Peer(long node, boolean streaming, String condition, Lsn flush) {}
}
