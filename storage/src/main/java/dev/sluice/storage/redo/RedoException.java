package dev.sluice.storage.redo;

import java.io.IOException;
import java.io.Serial;

/**
 * A change cannot be applied to the page it names. The message says which record, block and why.
 */
public final class RedoException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    public RedoException(String message) {
        super(message);
    }

    public RedoException(String message, Throwable cause) {
        super(message, cause);
    }
}
