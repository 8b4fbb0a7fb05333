package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;

/**
 * What an acceptor tells the others of itself.
 *
 * @param nodeId its own
 * @param configuration the one that it goes by
 * @param votes whether it remembers all that it ever promised
 * @param term the highest that it voted for or obeyed; {@link Term#NONE} if it may have forgotten a
 *     higher one
 * @param start where its log begins
 * @param flush where its log ends, durably, with a whole record
 * @param commit what it knows to be committed
 * @param history of its log up to {@code flush}
 */
public record PeerReport(
        long nodeId,
        Configuration configuration,
        boolean votes,
        Term term,
        Lsn start,
        Lsn flush,
        Lsn commit,
        TermHistory history) {

    /** The term that wrote the end of its log. */
    public Term lastLogTerm() {
        return history.lastTerm();
    }
}
