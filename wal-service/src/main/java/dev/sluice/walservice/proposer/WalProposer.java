package dev.sluice.walservice.proposer;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;

/**
 * The one writer of a timeline, for as long as no newer one is elected. Makes a compute's local WAL
 * durable on a quorum of safekeepers.
 */
public interface WalProposer extends Closeable {

    /** The term that this proposer won. */
    Term term();

    /** The end of the timeline's durable WAL at the election: where the compute begins to write. */
    Lsn startLsn();

    /** The end of what a quorum has. */
    Lsn commitLsn();

    /**
     * Returns when every whole record of the local WAL below {@code writtenUpTo} is on a quorum's
     * disks. Any number of threads may wait.
     *
     * @param writtenUpTo the end of what the compute has written; may lie past the last whole
     *     record, at the end of a page
     * @return the end of the last whole record below it, which is durable
     * @throws FencedException if a newer proposer has won; so will every later call
     * @throws IOException if the local WAL cannot be read or is no WAL, or the proposer was closed
     */
    Lsn flush(Lsn writtenUpTo) throws IOException;

    FlushStatus flushStatus();

    /** Stops; waiting flushes fail. */
    @Override
    void close();
}
