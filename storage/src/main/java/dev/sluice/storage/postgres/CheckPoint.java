package dev.sluice.storage.postgres;

import dev.sluice.wire.Lsn;

/** The struct {@code CheckPoint} ({@code catalog/pg_control.h}), of any major. Immutable. */
public interface CheckPoint {

    /** The struct's bytes, as in WAL and in the control file. Not a copy: do not write to it. */
    byte[] bytes();

    /** Where recovery from this checkpoint would begin. */
    Lsn redo();

    /** The next transaction id, epoch in the high 32 bits. */
    long nextFullXid();

    /**
     * This checkpoint as the shutdown checkpoint record of a cluster that was stopped cleanly.
     *
     * @param redo where the record itself begins
     * @param unixSeconds the time it shows
     */
    CheckPoint asShutdown(Lsn redo, long unixSeconds);
}
