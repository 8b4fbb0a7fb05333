package dev.sluice.compute.shim;

import dev.sluice.walservice.proposer.FlushListener;
import dev.sluice.wire.Lsn;

/** What makes a compute's WAL durable. */
public interface WalFlush {
    /**
     * Answers, later and without waiting here, when all WAL that Postgres had completely written
     * when it asked is durable. Postgres waits meanwhile, usually (not always) holding its WAL
     * write lock.
     *
     * @param writtenUpTo the end of the last WAL page that was written to the segment being
     *     flushed: a bound. Postgres rewrites its last page as it fills, so two flushes in a row
     *     may carry the same position and the second still has something to make durable; what
     *     follows the last complete record in that page is no WAL
     * @param then is also told when it cannot be made durable, for example because a newer term has
     *     fenced this compute; Postgres then stops
     */
    void flush(Lsn writtenUpTo, FlushListener then);
}
