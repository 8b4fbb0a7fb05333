package dev.sluice.gateway.http;

import dev.sluice.gateway.transport.Peer;
import io.vertx.core.http.HttpConnection;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;

/**
 * The open HTTP connections. One that has had no request for a while is closed, also if its client
 * sends the next request's head byte by byte.
 */
final class ConnectionWatch {
    private final ConcurrentMap<HttpConnection, Entry> open = new ConcurrentHashMap<>();
    private final Duration keepAlive;
    private final LongConsumer cut;

    /** A connection, its client, its requests that are not answered. */
    private static final class Entry {
        private final Origin origin;
        private int requests;
        private long since = System.nanoTime();

        Entry(Origin origin) {
            this.origin = origin;
        }

        synchronized void changed(int requestsMore) {
            requests += requestsMore;
            since = System.nanoTime();
        }

        synchronized boolean isIdleFor(Duration time) {
            return requests == 0 && System.nanoTime() - since > time.toNanos();
        }
    }

    /**
     * @param keepAlive how long a connection may be open without a request
     * @param cut closes the connection of an {@link Origin}, whatever waits to be sent
     */
    ConnectionWatch(Duration keepAlive, LongConsumer cut) {
        this.keepAlive = keepAlive;
        this.cut = cut;
    }

    void opened(HttpConnection connection) {
        open.put(connection, new Entry(Origin.of(connection)));
        connection.closeHandler(_ -> open.remove(connection));
    }

    /** Who the client is. */
    Peer peer(HttpConnection connection) {
        Entry entry = open.get(connection);
        return entry == null ? new Peer(null, null) : entry.origin.peer();
    }

    /**
     * A request has come.
     *
     * @return to be run when it is over; only the first time counts
     */
    Runnable requestBegun(HttpConnection connection) {
        changed(connection, 1);
        AtomicBoolean over = new AtomicBoolean();
        return () -> {
            if (over.compareAndSet(false, true)) {
                changed(connection, -1);
            }
        };
    }

    private void changed(HttpConnection connection, int more) {
        Entry entry = open.get(connection);
        if (entry != null) {
            entry.changed(more);
        }
    }

    /** It speaks another protocol now. */
    void upgraded(HttpConnection connection) {
        open.remove(connection);
    }

    /** To be called again and again: one that cannot be closed is cut after twice the time. */
    void closeIdle() {
        open.forEach((connection, entry) -> {
            if (entry.isIdleFor(keepAlive.multipliedBy(2))) {
                cut.accept(entry.origin.number());
            } else if (entry.isIdleFor(keepAlive)) {
                var _ = connection.close();
            }
        });
    }

    /** Closes a connection now. Vert.x sends what waits to be sent, which nobody may ever take. */
    void cut(HttpConnection connection) {
        Entry entry = open.get(connection);
        if (entry != null) {
            cut.accept(entry.origin.number());
        }
    }
}
