package dev.sluice.storage.postgres;

import dev.sluice.wire.Lsn;

/** The struct {@code ControlFileData} ({@code catalog/pg_control.h}), of any major. Immutable. */
public interface ControlFile {
    /** {@code PG_CONTROL_FILE_SIZE}: bytes of the file, zeros after the struct. */
    int FILE_SIZE = 8192;

    /** The whole file, with a right checksum. */
    byte[] toFile();

    /** The struct without the zeros after it: what a timeline holds. */
    byte[] bytes();

    long systemIdentifier();

    /** Whether the state is {@code DB_SHUTDOWNED}. */
    boolean isShutDown();

    /** Whether the state is {@code DB_SHUTDOWNED_IN_RECOVERY}: a standby that was stopped. */
    boolean isShutDownInRecovery();

    /**
     * Up to where a recovery that was interrupted must go at least before the pages fit together
     * ({@code minRecoveryPoint}); {@link Lsn#INVALID} if there was none.
     */
    Lsn minRecoveryPoint();

    /** Whether pages carry checksums. */
    boolean hasDataChecksums();

    /** The start of the last checkpoint record. */
    Lsn checkPointLocation();

    CheckPoint checkPoint();

    ControlFile withSystemIdentifier(long systemIdentifier);

    /**
     * This file as a clean stop leaves it, after the shutdown checkpoint whose record begins at
     * {@code location}.
     */
    ControlFile shutDownAt(Lsn location, CheckPoint checkPoint, long unixSeconds);
}
