package dev.sluice.storage.oracle;

import dev.sluice.wire.Lsn;

/** Hears of a run of the oracle while it goes on. */
public interface RedoListener {
    /** Hears nothing. */
    RedoListener NONE = new RedoListener() {};

    /** Something is not as Postgres made it; one line for people. */
    default void difference(String difference) {}

    /** Redo is at {@code at}, having read so many bytes of WAL. */
    default void progress(Lsn at, long bytes) {}
}
