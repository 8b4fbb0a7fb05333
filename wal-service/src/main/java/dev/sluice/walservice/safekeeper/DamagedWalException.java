package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.nio.file.Path;

/** A page of WAL is not what the safekeeper wrote. */
final class DamagedWalException extends DamagedFileException {
    private static final long serialVersionUID = 1L;

    private final long page;

    /**
     * @param page where it begins
     */
    DamagedWalException(Path directory, Lsn page, String what) {
        super(
                directory.resolve(WalSegments.fileName(WalSegments.segmentOf(page))),
                WalSegments.segmentOffset(page),
                "the page at " + page + " " + what);
        this.page = page.value();
    }

    Lsn page() {
        return new Lsn(page);
    }
}
