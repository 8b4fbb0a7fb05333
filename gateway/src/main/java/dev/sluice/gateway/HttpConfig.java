package dev.sluice.gateway;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How SQL over HTTP and WebSocket behaves.
 *
 * @param sockets a directory that nobody else may enter: the gateway's own servers listen in it
 * @param requestTimeout for a request to arrive, and for a slow reader to take the next piece of
 *     its answer
 * @param keepAlive how long a connection may be open without a request
 * @param memoryBytes what large requests, rows and answers that are held back may take of the heap,
 *     of all requests together
 * @param plainPasswords whether passwords are taken from other machines without encryption
 */
public record HttpConfig(
        Path sockets,
        Limits limits,
        Pool pool,
        Duration requestTimeout,
        Duration keepAlive,
        long memoryBytes,
        boolean plainPasswords) {

    /**
     * What one request may cost.
     *
     * @param requestBytes of a request's body, and of a WebSocket frame
     * @param responseBytes of a response's body; 0 for any
     * @param rowBytes of one row of a result, as Postgres sends it
     * @param heldBytes how much of a result is kept back: as long as it has not grown past this, an
     *     error after its first rows still gets a status of its own
     */
    public record Limits(int requestBytes, long responseBytes, int rowBytes, int heldBytes) {
        public static final Limits DEFAULT = new Limits(64 << 20, 0, 64 << 20, 1 << 20);

        public Limits {
            if (requestBytes < 1 || rowBytes < 1 || heldBytes < 0 || responseBytes < 0) {
                throw new IllegalArgumentException("a negative limit of HTTP, or none at all");
            }
        }
    }

    /**
     * Server connections, of which a statement that runs has one.
     *
     * @param perEndpoint of one endpoint, in use or not
     * @param all of all endpoints, in use or not
     * @param idle after which a server connection that nobody used is closed
     * @param patience how long a request waits for a server connection
     */
    public record Pool(int perEndpoint, int all, Duration idle, Duration patience) {
        public static final Pool DEFAULT =
                new Pool(20, 1000, Duration.ofMinutes(1), Duration.ofSeconds(30));

        public Pool {
            if (perEndpoint < 1 || all < perEndpoint) {
                throw new IllegalArgumentException(
                        "pools of %d connections for each endpoint and %d in all"
                                .formatted(perEndpoint, all));
            }
        }
    }

    public static HttpConfig defaults(Path sockets) {
        return new HttpConfig(
                sockets,
                Limits.DEFAULT,
                Pool.DEFAULT,
                Duration.ofSeconds(60),
                Duration.ofSeconds(60),
                Runtime.getRuntime().maxMemory() / 2,
                false);
    }

    public HttpConfig withLimits(Limits newLimits) {
        return new HttpConfig(
                sockets, newLimits, pool, requestTimeout, keepAlive, memoryBytes, plainPasswords);
    }

    public HttpConfig withPool(Pool newPool) {
        return new HttpConfig(
                sockets, limits, newPool, requestTimeout, keepAlive, memoryBytes, plainPasswords);
    }

    public HttpConfig withTimeouts(Duration request, Duration keepAliveTime) {
        return new HttpConfig(
                sockets, limits, pool, request, keepAliveTime, memoryBytes, plainPasswords);
    }

    public HttpConfig withMemory(long bytes) {
        return new HttpConfig(
                sockets, limits, pool, requestTimeout, keepAlive, bytes, plainPasswords);
    }
}
