package dev.sluice.wire.part;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A blocking two-way stream of bytes: a socket's own, or what TLS carries over one. One thread
 * reads at a time and one writes; any may close, which ends both with an exception.
 */
public interface PartStream extends Closeable {
    /**
     * Waits for bytes and puts as many as are there into {@code into}, which has room.
     *
     * @return how many, at least one; negative when the peer has ended the stream
     */
    int read(ByteBuffer into) throws IOException;

    /** Sends all remaining bytes of all buffers, in order. */
    void write(ByteBuffer... from) throws IOException;

    /** Tells the peer that nothing more is sent, as far as that is possible without waiting. */
    void finish();
}
