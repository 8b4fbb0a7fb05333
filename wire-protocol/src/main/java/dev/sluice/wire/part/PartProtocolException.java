package dev.sluice.wire.part;

import java.io.IOException;
import java.io.Serial;

/**
 * The peer sent bytes that are no frame of ours: wrong magic, version, length or checksum, or an
 * unexpected type.
 */
public final class PartProtocolException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    public PartProtocolException(String message) {
        super(message);
    }
}
