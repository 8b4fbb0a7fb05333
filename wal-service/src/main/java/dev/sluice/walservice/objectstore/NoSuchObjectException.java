package dev.sluice.walservice.objectstore;

import java.io.IOException;

/** There is no object by that key. */
public final class NoSuchObjectException extends IOException {
    private static final long serialVersionUID = 1L;

    NoSuchObjectException(String place) {
        super("there is no object " + place);
    }
}
