package dev.sluice.gateway.http.pool;

import dev.sluice.gateway.HttpConfig;
import dev.sluice.wire.SqlState;
import java.io.Closeable;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Server connections that are lent to one request at a time. Those of an endpoint are limited, and
 * so are all together, whether in use or not: where there is no room, one that nobody uses makes
 * it, else the request waits its turn. Lent again is the connection that was used last; those that
 * nobody used for a while are closed.
 */
public final class ConnectionPool implements Closeable {
    private static final Duration WORTH_WAITING = Duration.ofMillis(50);

    private final HttpConfig.Pool config;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, Endpoint> endpoints = new HashMap<>();
    private final Condition changed = lock.newCondition();
    private final Semaphore all;
    private final ScheduledExecutorService sweeper =
            Executors.newSingleThreadScheduledExecutor(
                    task -> Thread.ofPlatform().daemon().name("http-pool").unstarted(task));
    private int open;
    private boolean closed;

    /** An endpoint's connections; guarded by the lock, but for its semaphore. */
    private final class Endpoint {
        private final Semaphore lent = new Semaphore(config.perEndpoint(), true);
        private final Deque<Idle> idle = new ArrayDeque<>();
        private final Map<PoolKey, Integer> returning = new HashMap<>();
        private int open;
        private int visitors;
    }

    /** A connection that nobody uses; the last used is the first in its queue. */
    private record Idle(PoolKey key, ServerConnection connection, long since) {}

    public ConnectionPool(HttpConfig.Pool config) {
        this.config = config;
        this.all = new Semaphore(config.all(), true);
        long period = Math.max(10, config.idle().toMillis() / 4);
        var _ =
                sweeper.scheduleWithFixedDelay(
                        this::closeOld, period, period, TimeUnit.MILLISECONDS);
    }

    /** A connection lent; {@link #close} gives the place back. */
    final class Place implements Closeable {
        private final Endpoint endpoint;
        private final PoolKey key;
        private boolean returning;
        private boolean left;

        private Place(Endpoint endpoint, PoolKey key) {
            this.endpoint = endpoint;
            this.key = key;
        }

        /** The connection used last of those that are as good as new, if there is any. */
        Optional<ServerConnection> idle() throws InterruptedException {
            while (true) {
                ServerConnection found = take(endpoint, key);
                if (found == null || found.isQuiet()) {
                    return Optional.ofNullable(found);
                }
                ConnectionPool.this.discard(endpoint, found);
            }
        }

        /** The connection is about to be kept, or discarded. */
        void returning() {
            if (!returning) {
                returning = true;
                countReturning(endpoint, key, 1);
            }
        }

        /** Makes room for a new connection; {@link #discard} gives it back. */
        void reserve() {
            ConnectionPool.this.reserve(endpoint);
        }

        /** A connection that was taken, or could not be made, is no more. */
        void discard(@Nullable ServerConnection connection) {
            ConnectionPool.this.discard(endpoint, connection);
        }

        /** Keeps a connection for the next. */
        void keep(ServerConnection connection) {
            ConnectionPool.this.keep(endpoint, key, connection);
        }

        @Override
        public void close() {
            if (!left) {
                left = true;
                if (returning) {
                    countReturning(endpoint, key, -1);
                }
                leave(endpoint, key);
            }
        }
    }

    /**
     * Waits for a place among the endpoint's connections.
     *
     * @throws SqlErrorException if there is none in time
     */
    Place enter(PoolKey key) throws SqlErrorException, InterruptedException {
        Endpoint endpoint = visit(key);
        boolean mine = false;
        boolean ours = false;
        try {
            long millis = config.patience().toMillis();
            mine = endpoint.lent.tryAcquire(millis, TimeUnit.MILLISECONDS);
            ours = mine && all.tryAcquire(millis, TimeUnit.MILLISECONDS);
        } finally {
            if (!ours) {
                if (mine) {
                    endpoint.lent.release();
                }
                unvisit(endpoint, key);
            }
        }
        if (!ours) {
            throw SqlErrorException.of(
                    SqlState.TOO_MANY_CONNECTIONS,
                    "too many statements at once over HTTP: none of %d connections became free within %d seconds"
                            .formatted(
                                    mine ? config.all() : config.perEndpoint(),
                                    config.patience().toSeconds()),
                    "Run fewer at a time, or make them shorter.");
        }
        return new Place(endpoint, key);
    }

    private Endpoint visit(PoolKey key) throws SqlErrorException {
        lock.lock();
        try {
            if (closed) {
                throw SqlErrorException.shutDown();
            }
            Endpoint endpoint =
                    endpoints.computeIfAbsent(key.route().endpointId(), _ -> new Endpoint());
            endpoint.visitors++;
            return endpoint;
        } finally {
            lock.unlock();
        }
    }

    private void leave(Endpoint endpoint, PoolKey key) {
        all.release();
        endpoint.lent.release();
        unvisit(endpoint, key);
    }

    private void unvisit(Endpoint endpoint, PoolKey key) {
        lock.lock();
        try {
            endpoint.visitors--;
            if (endpoint.visitors == 0 && endpoint.open == 0) {
                endpoints.remove(key.route().endpointId(), endpoint);
            }
        } finally {
            lock.unlock();
        }
    }

    private void countReturning(Endpoint endpoint, PoolKey key, int more) {
        lock.lock();
        try {
            endpoint.returning.merge(
                    key, more, (now, change) -> now + change == 0 ? null : now + change);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits a moment for one that is on its way back: a new one would take longer. */
    private @Nullable ServerConnection take(Endpoint endpoint, PoolKey key)
            throws InterruptedException {
        lock.lock();
        try {
            long left = WORTH_WAITING.toNanos();
            while (true) {
                ServerConnection found = poll(endpoint, key);
                if (found != null || left <= 0 || !endpoint.returning.containsKey(key)) {
                    return found;
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private static @Nullable ServerConnection poll(Endpoint endpoint, PoolKey key) {
        Iterator<Idle> idle = endpoint.idle.iterator();
        while (idle.hasNext()) {
            Idle candidate = idle.next();
            if (candidate.key.equals(key)) {
                idle.remove();
                return candidate.connection;
            }
        }
        return null;
    }

    private void reserve(Endpoint endpoint) {
        List<ServerConnection> displaced = new ArrayList<>();
        lock.lock();
        try {
            if (endpoint.open >= config.perEndpoint()) {
                displaceLast(endpoint, displaced);
            }
            if (open >= config.all()) {
                displaceOldest(displaced);
            }
            endpoint.open++;
            open++;
        } finally {
            lock.unlock();
        }
        displaced.forEach(ServerConnection::end);
    }

    private void displaceLast(Endpoint endpoint, List<ServerConnection> displaced) {
        Idle last = endpoint.idle.pollLast();
        if (last != null) {
            endpoint.open--;
            open--;
            displaced.add(last.connection);
        }
    }

    private void displaceOldest(List<ServerConnection> displaced) {
        Endpoint with = null;
        for (Endpoint candidate : endpoints.values()) {
            Idle last = candidate.idle.peekLast();
            if (last != null && (with == null || last.since - with.idle.getLast().since < 0)) {
                with = candidate;
            }
        }
        if (with != null) {
            displaceLast(with, displaced);
        }
    }

    private void discard(Endpoint endpoint, @Nullable ServerConnection connection) {
        lock.lock();
        try {
            endpoint.open--;
            open--;
        } finally {
            lock.unlock();
        }
        if (connection != null) {
            connection.end();
        }
    }

    private void keep(Endpoint endpoint, PoolKey key, ServerConnection connection) {
        lock.lock();
        try {
            if (!closed) {
                endpoint.idle.addFirst(new Idle(key, connection, System.nanoTime()));
                changed.signalAll();
                return;
            }
        } finally {
            lock.unlock();
        }
        discard(endpoint, connection);
    }

    private void closeOld() {
        long now = System.nanoTime();
        closeIdle(null, idle -> now - idle.since > config.idle().toNanos());
    }

    /** Closes the connections of an endpoint that nobody uses: its compute is about to stop. */
    public void closeIdle(String endpointId) {
        closeIdle(endpointId, _ -> true);
    }

    private void closeIdle(@Nullable String endpointId, java.util.function.Predicate<Idle> which) {
        List<ServerConnection> old = new ArrayList<>();
        lock.lock();
        try {
            for (Iterator<Map.Entry<String, Endpoint>> each = endpoints.entrySet().iterator();
                    each.hasNext(); ) {
                Map.Entry<String, Endpoint> entry = each.next();
                if (endpointId != null && !endpointId.equals(entry.getKey())) {
                    continue;
                }
                Endpoint endpoint = entry.getValue();
                endpoint.idle.removeIf(idle -> {
                    boolean close = which.test(idle);
                    if (close) {
                        old.add(idle.connection);
                        endpoint.open--;
                        open--;
                    }
                    return close;
                });
                if (endpoint.visitors == 0 && endpoint.open == 0) {
                    each.remove();
                }
            }
        } finally {
            lock.unlock();
        }
        old.forEach(ServerConnection::end);
    }

    /** Server connections, lent or idle. */
    public int open() {
        lock.lock();
        try {
            return open;
        } finally {
            lock.unlock();
        }
    }

    /** Closes what nobody uses; what is lent is closed when it comes back. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        sweeper.shutdown();
        closeIdle(null, _ -> true);
    }
}
