package dev.sluice.storage.layer;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/**
 * A file of the storage engine does not hold what it must. The message names the file, the offset
 * and what is wrong there.
 */
public final class LayerDamagedException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    public LayerDamagedException(Path file, long offset, String problem) {
        super("damaged: " + file + " at offset " + offset + ": " + problem);
    }
}
