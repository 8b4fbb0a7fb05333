package dev.sluice.storage.pageserver;

import java.io.IOException;
import java.io.Serial;

/** Nobody answers where the pageserver should be, or who did hung up. */
public final class PageserverAwayException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    public PageserverAwayException(String message, Throwable cause) {
        super(message, cause);
    }
}
