package dev.sluice.walservice.timeline;

import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;

/**
 * How far a timeline's pageserver says that it is with the timeline's WAL. Goes from the pageserver
 * to the safekeeper that it streams from, from there to the other safekeepers and to the proposer.
 * Nothing of it is on a safekeeper's disk. On the wire 24 bytes, big-endian: ingested LSN, durable
 * LSN, microseconds.
 *
 * @param ingested the end of the last record that it can serve pages at; falls when it restarts
 * @param durable all before is in layer files that survive the pageserver's process; never past
 *     {@code ingested}. {@link Lsn#INVALID} while nothing is known, as {@code ingested}
 * @param micros when it said so, by its own clock, since 1970: of two the later counts. Above what
 *     it said before even if that clock was put back
 */
public record PageserverFeedback(Lsn ingested, Lsn durable, long micros) {
    public static final int BYTES = 24;

    /** Nothing has been heard of a pageserver. */
    public static final PageserverFeedback NONE =
            new PageserverFeedback(Lsn.INVALID, Lsn.INVALID, 0);

    public boolean isKnown() {
        return micros != 0;
    }

    /** Of this and what another told, what was said later. */
    public PageserverFeedback newest(PageserverFeedback other) {
        return other.micros > micros ? other : this;
    }

    /**
     * As it counts where {@code known} was known when the pageserver said it: later, whatever its
     * clock says. A clock that is put back, or that of another host, would else hide for as long
     * that the pageserver goes on.
     */
    public PageserverFeedback saidAfter(PageserverFeedback known) {
        return micros > known.micros
                ? this
                : new PageserverFeedback(ingested, durable, known.micros + 1);
    }

    public void put(ByteBuffer out) {
        out.putLong(ingested.value()).putLong(durable.value()).putLong(micros);
    }

    /** Reads what {@link #put} wrote. */
    public static PageserverFeedback get(ByteBuffer in) {
        return new PageserverFeedback(new Lsn(in.getLong()), new Lsn(in.getLong()), in.getLong());
    }
}
