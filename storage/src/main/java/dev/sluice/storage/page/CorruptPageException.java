package dev.sluice.storage.page;

import java.io.Serial;

/** A page does not hold what an operation on it needs. The message says what; callers add where. */
public final class CorruptPageException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    public CorruptPageException(String message) {
        super(message);
    }
}
