package dev.sluice.wire.part;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A stream over a socket, which may be put into non-blocking mode: then {@link #read} returns 0
 * when nothing is there, and only the methods here write.
 */
sealed interface SocketStream extends PartStream permits PlainStream, TlsStream {
    SocketChannel socket();

    /**
     * Whether something was received that {@link #read} has not returned, as far as it is whole.
     */
    boolean holdsMore();

    /**
     * Takes all remaining bytes of all buffers, in order, behind what it has, and sends what the
     * socket takes.
     *
     * @return how many bytes are still to be sent
     */
    int writeNow(ByteBuffer... from) throws IOException;

    /** How many bytes all of them have left. */
    static long remaining(ByteBuffer[] buffers) {
        long sum = 0;
        for (ByteBuffer each : buffers) {
            sum += each.remaining();
        }
        return sum;
    }
}
