package dev.sluice.gateway.pooling;

/**
 * When a pooled client did what, for its pool's counters and for those that want to know whether
 * its compute is needed. Confined to the pool's event loop, but for {@link #lastActivity}; times in
 * nanoseconds where nothing else is said.
 */
final class ClientTimes {
    private static final long LISTENER_INTERVAL = 1_000_000_000L;

    private final PooledClient client;
    private final Pool pool;
    private final long connectedAtMillis = System.currentTimeMillis();
    private long askedAt;
    private long queryAt;
    private long transactionAt;
    private long toldListenerAt;
    private volatile long lastActivity = System.nanoTime();

    ClientTimes(PooledClient client) {
        this.client = client;
        this.pool = client.pool();
        this.toldListenerAt = lastActivity - LISTENER_INTERVAL;
    }

    /** Something came from the client. */
    void received(long now, int bytes) {
        lastActivity = now;
        PooledServer has = client.server();
        if (has != null && has.expected().size() == 0) {
            queryAt = now;
            if (has.status() == 'I') {
                transactionAt = now;
            }
        }
        pool.counters().received(bytes);
        pool.context().metrics().fromClient(bytes);
        pool.counted().fromClient(bytes);
        if (now - toldListenerAt >= LISTENER_INTERVAL) {
            toldListenerAt = now;
            pool.context().listener().active(pool.route(), client.id());
        }
    }

    /** It asks for a server connection. */
    void asks(long now) {
        askedAt = now;
    }

    /** It has got one. */
    void attached(long now) {
        queryAt = now;
        transactionAt = now;
        pool.counters().assigned(now - askedAt);
        pool.counted().poolWaited(now - askedAt);
    }

    /** The server is ready for the next query. */
    void ready(byte status, long now) {
        pool.counters().query(now - queryAt);
        queryAt = now;
        if (status == 'I') {
            pool.counters().transaction(now - transactionAt);
            transactionAt = now;
        }
    }

    /** When something came last; from any thread. */
    long lastActivity() {
        return lastActivity;
    }

    long connectedAtMillis() {
        return connectedAtMillis;
    }

    /** When it last asked for a server connection, or connected. */
    long askedAtMillis(long now) {
        return askedAt == 0
                ? connectedAtMillis
                : System.currentTimeMillis() - (now - askedAt) / 1_000_000;
    }
}
