package dev.sluice.wire.part;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Connections whose peer is not known yet. There are only so many: a new one takes the place of the
 * oldest, so that those who say nothing keep nobody out.
 */
final class PendingHandshakes {
    static final int MOST = 64;

    private final Deque<SocketChannel> waiting = new ArrayDeque<>();

    /** A connection's place, until it is closed. */
    interface Place extends AutoCloseable {
        @Override
        void close();
    }

    Place enter(SocketChannel socket) throws IOException {
        SocketChannel oldest = null;
        synchronized (waiting) {
            if (waiting.size() == MOST) {
                oldest = waiting.pollFirst();
            }
            waiting.addLast(socket);
        }
        if (oldest != null) {
            oldest.close();
        }
        return () -> {
            synchronized (waiting) {
                waiting.remove(socket);
            }
        };
    }
}
