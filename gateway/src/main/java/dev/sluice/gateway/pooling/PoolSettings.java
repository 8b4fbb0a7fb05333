package dev.sluice.gateway.pooling;

import dev.sluice.gateway.pooling.queue.PoolLimits;
import java.time.Duration;
import java.util.Set;

/**
 * How pools behave. A pool is an endpoint's, for one database and one role.
 *
 * @param size server connections of a pool
 * @param perEndpoint server connections of all pools of an endpoint
 * @param perDatabase server connections of an endpoint's pools for one database
 * @param perRole server connections of an endpoint's pools for one role
 * @param maxClients clients of a pool
 * @param maxClientsPerEndpoint clients of all pools of an endpoint
 * @param patience how long a client waits for a server connection
 * @param lifetime after which a server connection is replaced
 * @param idle after which one that nobody uses is closed
 * @param check one that was idle for longer is asked for a sign of life before a client gets it
 * @param preparedStatements on a server connection
 * @param admins roles that may PAUSE, RESUME and RECONNECT
 */
public record PoolSettings(
        int size,
        int perEndpoint,
        int perDatabase,
        int perRole,
        int maxClients,
        int maxClientsPerEndpoint,
        Duration patience,
        Duration lifetime,
        Duration idle,
        Duration check,
        int preparedStatements,
        Set<String> admins) {

    /** What applies where an operator says nothing; a compute has 100 connections. */
    public static final PoolSettings DEFAULTS =
            new PoolSettings(
                    20,
                    80,
                    80,
                    80,
                    10_000,
                    10_000,
                    Duration.ofSeconds(120),
                    Duration.ofHours(1),
                    Duration.ofMinutes(10),
                    Duration.ofSeconds(30),
                    200,
                    Set.of());

    public PoolSettings {
        admins = Set.copyOf(admins);
        if (size < 1 || perEndpoint < 1 || perDatabase < 1 || perRole < 1) {
            throw new IllegalArgumentException("a pool needs a server connection at least");
        }
        if (maxClients < 1 || maxClientsPerEndpoint < 1) {
            throw new IllegalArgumentException("a pool without clients is none");
        }
        if (preparedStatements < 1) {
            throw new IllegalArgumentException("prepared_statements must be 1 at least");
        }
        requirePositive("wait_seconds", patience);
        requirePositive("lifetime_seconds", lifetime);
        requirePositive("idle_seconds", idle);
        requirePositive("check_seconds", check);
    }

    private static void requirePositive(String name, Duration value) {
        if (!value.isPositive()) {
            throw new IllegalArgumentException(name + " must be more than 0");
        }
    }

    PoolLimits limits() {
        return new PoolLimits(size, patience.toNanos(), lifetime.toNanos(), idle.toNanos());
    }
}
