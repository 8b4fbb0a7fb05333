package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.io.Serial;

/**
 * Bytes that should be WAL are not: a wrong checksum, a length out of range, a page header that
 * does not belong where it was found. The message names the position and what is wrong there.
 */
public final class WalFormatException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    private final long lsn;

    /**
     * @param lsn where: the record's start, or the page's
     * @param problem what is wrong, without the position
     */
    public WalFormatException(Lsn lsn, String problem) {
        super("WAL at " + lsn + ": " + problem);
        this.lsn = lsn.value();
    }

    /** The start of the record or page that is damaged. */
    public Lsn lsn() {
        return new Lsn(lsn);
    }
}
