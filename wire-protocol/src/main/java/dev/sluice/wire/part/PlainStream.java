package dev.sluice.wire.part;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A socket as it is. */
final class PlainStream implements SocketStream {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel socket;

    /** What the socket has not taken yet, when it does not block. */
    private ByteBuffer waiting = NOTHING;

    PlainStream(SocketChannel socket) {
        this.socket = socket;
    }

    @Override
    public SocketChannel socket() {
        return socket;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        return socket.read(into);
    }

    @Override
    public boolean holdsMore() {
        return false;
    }

    @Override
    public void write(ByteBuffer... from) throws IOException {
        long left = SocketStream.remaining(from);
        while (left > 0) {
            left -= socket.write(from);
        }
    }

    @Override
    public int writeNow(ByteBuffer... from) throws IOException {
        if (waiting.hasRemaining()) {
            socket.write(waiting);
        }
        long left = SocketStream.remaining(from);
        if (!waiting.hasRemaining()) {
            waiting = NOTHING;
            if (left > 0) {
                left -= socket.write(from);
            }
        }
        if (left > 0) {
            ByteBuffer all = ByteBuffer.allocateDirect(Math.toIntExact(waiting.remaining() + left));
            all.put(waiting);
            for (ByteBuffer part : from) {
                all.put(part);
            }
            waiting = all.flip();
        }
        return waiting.remaining();
    }

    @Override
    public void finish() {
        // Closing the socket says it.
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
