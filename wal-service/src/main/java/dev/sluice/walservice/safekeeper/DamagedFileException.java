package dev.sluice.walservice.safekeeper;

import java.io.IOException;
import java.nio.file.Path;

/** A file of the safekeeper is not what it wrote. */
class DamagedFileException extends IOException {
    private static final long serialVersionUID = 1L;

    DamagedFileException(Path file, long offset, String what) {
        super(file + " is damaged at offset " + offset + ": " + what);
    }
}
