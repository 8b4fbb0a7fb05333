package dev.sluice.gateway.http.pool;

import dev.sluice.gateway.http.sql.SqlQuery;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.scram.ScramKeys;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A server connection, lent until it is closed. For one thread, but for {@link #cancel}. */
public final class Lease implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(Lease.class);

    /** How long a statement may take to end after it was cancelled. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final ServerConnections connections;
    private final ConnectionPool.Place place;
    private final PoolKey key;
    private final ScramKeys keys;
    private boolean mayBeStale;
    private boolean over;
    private @Nullable ServerConnection connection;

    Lease(ServerConnections connections, ConnectionPool.Place place, PoolKey key, ScramKeys keys) {
        this.connections = connections;
        this.place = place;
        this.key = key;
        this.keys = keys;
    }

    void begin() throws SqlErrorException, InterruptedException {
        Optional<ServerConnection> idle = place.idle();
        mayBeStale = idle.isPresent();
        set(idle.isPresent() ? idle.get() : fresh());
    }

    private ServerConnection fresh() throws SqlErrorException, InterruptedException {
        place.reserve();
        boolean made = false;
        try {
            ServerConnection fresh = connections.connect(key, keys);
            made = true;
            return fresh;
        } finally {
            if (!made) {
                place.discard(null);
            }
        }
    }

    private synchronized void set(@Nullable ServerConnection now) {
        connection = now;
    }

    private synchronized ServerConnection connection() {
        ServerConnection lent = connection;
        if (over || lent == null) {
            throw new IllegalStateException("the connection was given back");
        }
        return lent;
    }

    /** Runs a statement without parameters whose result does not matter. */
    public void run(String statement) throws IOException, SqlErrorException, InterruptedException {
        run(new SqlQuery(statement, List.of(), null), Results.NONE, false);
    }

    /**
     * Runs a statement. One that could not even be sent is sent over a new connection.
     *
     * @param last whether it is the only one
     * @throws SqlErrorException what the server said instead
     * @throws IOException what {@code results} threw
     */
    public void run(SqlQuery query, Results results, boolean last)
            throws IOException, SqlErrorException, InterruptedException {
        try {
            connection().run(query, results, last);
        } catch (MessageStream.ServerGoneException e) {
            if (!mayBeStale || e.isSent()) {
                throw stopped();
            }
            log.debug("a server connection was closed while nobody used it", e);
            ServerConnection stale = connection();
            set(null);
            place.discard(stale);
            set(fresh());
            mayBeStale = false;
            run(query, results, last);
        } finally {
            mayBeStale = false;
        }
    }

    private static SqlErrorException stopped() {
        return SqlErrorException.of(
                SqlState.ADMIN_SHUTDOWN,
                "terminating connection because its compute stopped",
                "Try again: that starts the compute. What the statement did may or may not have been committed.");
    }

    /** Whether a transaction is open that can be ended. */
    public boolean isInTransaction() {
        return connection().isInTransaction();
    }

    /** The last statement has run: the connection will soon be free for the next. */
    public void finishing() {
        place.returning();
    }

    /**
     * Has the server cancel what runs here; the connection will not be used again. From any thread;
     * without effect once the lease is over.
     */
    public void cancel() {
        ServerConnection lent;
        synchronized (this) {
            lent = over ? null : connection;
            if (lent != null) {
                lent.condemn();
            }
        }
        if (lent == null) {
            return;
        }
        try {
            lent.cancel();
            closeUnlessOver(lent);
        } catch (IOException | InterruptedException e) {
            log.debug("a statement could not be cancelled", e);
            lent.close();
        }
    }

    /** Nobody wants the rest of a result: the server is not left to notice it by itself. */
    private static void stop(ServerConnection lent) {
        try {
            lent.cancel();
        } catch (IOException e) {
            log.debug("a statement could not be cancelled", e);
        }
    }

    /** A server that does not hear is left to itself. */
    private synchronized void closeUnlessOver(ServerConnection lent) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!over) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) {
                lent.close();
                return;
            }
            wait(left);
        }
    }

    /** Gives the connection back, made as good as new, or closes it. */
    @Override
    public void close() {
        ServerConnection lent;
        synchronized (this) {
            if (over) {
                return;
            }
            lent = connection;
        }
        if (lent != null && lent.isUnfinished()) {
            stop(lent);
        }
        boolean good = lent != null && lent.reset();
        synchronized (this) {
            over = true;
            notifyAll();
            good = good && lent != null && lent.isQuiet();
        }
        try (place) {
            if (good && lent != null) {
                place.keep(lent);
            } else if (lent != null) {
                place.discard(lent);
            }
        }
    }
}
