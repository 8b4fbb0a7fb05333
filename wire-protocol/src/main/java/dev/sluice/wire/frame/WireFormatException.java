package dev.sluice.wire.frame;

import java.io.Serial;

/**
 * What arrived is no message of the protocol: a bad length, a field that runs past its message, an
 * unknown type. Postgres calls it a protocol violation, SQLSTATE 08P01. After it the two sides no
 * longer agree where messages begin, so the connection can only be closed.
 */
public final class WireFormatException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    public WireFormatException(String message) {
        super(message);
    }
}
