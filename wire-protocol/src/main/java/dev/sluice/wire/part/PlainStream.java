package dev.sluice.wire.part;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A socket as it is. */
final class PlainStream implements PartStream {
    private final SocketChannel socket;

    PlainStream(SocketChannel socket) {
        this.socket = socket;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        return socket.read(into);
    }

    @Override
    public void write(ByteBuffer... from) throws IOException {
        long left = 0;
        for (ByteBuffer part : from) {
            left += part.remaining();
        }
        while (left > 0) {
            left -= socket.write(from);
        }
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
