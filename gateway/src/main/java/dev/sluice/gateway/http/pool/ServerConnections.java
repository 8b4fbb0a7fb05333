package dev.sluice.gateway.http.pool;

import dev.sluice.gateway.HttpConfig;
import dev.sluice.gateway.http.memory.MemoryBudget;
import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.session.GatewayServices;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.scram.ScramException;
import dev.sluice.wire.scram.ScramKeys;
import java.io.Closeable;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where requests get their server connections: from the pool, or new ones, for which the compute is
 * woken. A compute that cannot be reached, or is just going down, is woken once more.
 */
public final class ServerConnections implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(ServerConnections.class);

    /** What a compute says while it starts, stops or crashes. */
    private static final Set<String> GOING_DOWN = Set.of("57P01", "57P02", "57P03");

    private static final int ATTEMPTS = 2;

    /** A row's bytes, and what else is in its message. */
    private static final int BESIDES_THE_ROW = 1 << 20;

    private final GatewayServices services;
    private final BlockingLogin login;
    private final ConnectionPool pool;

    /**
     * @param rows memory for rows that are large
     */
    public ServerConnections(GatewayServices services, HttpConfig config, MemoryBudget rows) {
        this.services = services;
        this.login =
                new BlockingLogin(
                        services.random(),
                        config.limits().rowBytes() + BESIDES_THE_ROW,
                        rows,
                        config.pool().patience(),
                        services.config().wakeTimeout());
        this.pool = new ConnectionPool(config.pool());
    }

    /**
     * Lends a connection. Waits for a place in the pool, and for the compute to start.
     *
     * @param keys what the role's password gave away
     * @throws SqlErrorException if there is none to be had
     */
    public Lease lend(PoolKey key, ScramKeys keys) throws SqlErrorException, InterruptedException {
        ConnectionPool.Place place = pool.enter(key);
        Lease lease = new Lease(this, place, key, keys);
        try {
            lease.begin();
            return lease;
        } catch (SqlErrorException | InterruptedException | RuntimeException e) {
            place.close();
            throw e;
        }
    }

    /** A new connection. */
    ServerConnection connect(PoolKey key, ScramKeys keys)
            throws SqlErrorException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            boolean last = attempt == ATTEMPTS;
            ComputeAddress address = wake(key);
            try {
                ServerConnection open = login.open(address, key.parameters(), keys);
                services.sessionContext()
                        .parkedListeners()
                        .computeReached(key.route().endpointId());
                return open;
            } catch (SqlErrorException e) {
                if (last || !GOING_DOWN.contains(e.diagnostic().sqlState())) {
                    throw e;
                }
            } catch (IOException | WireFormatException | ScramException e) {
                log.info(
                        "compute of {} cannot be reached: {}",
                        key.route().endpointId(),
                        e.toString());
                if (last) {
                    services.metrics().wakeFailed();
                    throw SqlErrorException.of(
                            SqlState.CANNOT_CONNECT_NOW,
                            "Couldn't connect to compute node",
                            "It may be restarting: try again.");
                }
            }
        }
    }

    private ComputeAddress wake(PoolKey key) throws SqlErrorException, InterruptedException {
        try {
            return services.wakes().wake(key.route()).get();
        } catch (ExecutionException e) {
            services.metrics().wakeFailed();
            throw new SqlErrorException(
                    services.diagnostic(e.getCause() == null ? e : e.getCause()));
        }
    }

    /** Closes the connections of an endpoint that nobody uses. */
    public void closeIdle(String endpointId) {
        pool.closeIdle(endpointId);
    }

    /** Server connections, lent or idle. */
    public int open() {
        return pool.open();
    }

    @Override
    public void close() {
        pool.close();
    }
}
