package dev.sluice.gateway;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How SQL over HTTP and WebSocket behaves.
 *
 * @param sockets a directory that nobody else may enter: the gateway's own servers listen in it
 * @param maxRequestBytes of a request's body, and of a WebSocket frame
 * @param maxResponseBytes of a response's body; 0 for any
 * @param maxRowBytes of one row of a result, as Postgres sends it
 * @param heldBytes how much of a result is kept back: as long as it has not grown past this, an
 *     error after its first rows still gets a status of its own
 * @param maxPooledPerEndpoint server connections of one endpoint, in use or not
 * @param maxPooled server connections of all endpoints, in use or not
 * @param pooledIdle after which a server connection that nobody used is closed
 * @param poolWait how long a request waits for a server connection
 * @param requestTimeout for a request to arrive, and for a slow reader to take the next piece of
 *     its answer
 * @param keepAlive how long a connection may be open without a request
 * @param plainPasswords whether passwords are taken from other machines without encryption
 */
public record HttpConfig(
        Path sockets,
        int maxRequestBytes,
        long maxResponseBytes,
        int maxRowBytes,
        int heldBytes,
        int maxPooledPerEndpoint,
        int maxPooled,
        Duration pooledIdle,
        Duration poolWait,
        Duration requestTimeout,
        Duration keepAlive,
        boolean plainPasswords) {

    public HttpConfig {
        if (maxRequestBytes < 1 || maxRowBytes < 1 || heldBytes < 0 || maxResponseBytes < 0) {
            throw new IllegalArgumentException("a negative limit of HTTP, or none at all");
        }
        if (maxPooledPerEndpoint < 1 || maxPooled < maxPooledPerEndpoint) {
            throw new IllegalArgumentException(
                    "pools of %d connections for each endpoint and %d in all"
                            .formatted(maxPooledPerEndpoint, maxPooled));
        }
    }

    public static HttpConfig defaults(Path sockets) {
        return new HttpConfig(
                sockets,
                64 << 20,
                0,
                64 << 20,
                1 << 20,
                20,
                1000,
                Duration.ofMinutes(1),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                Duration.ofSeconds(60),
                false);
    }

    public HttpConfig withLimits(int request, long response, int row, int held) {
        return new HttpConfig(
                sockets,
                request,
                response,
                row,
                held,
                maxPooledPerEndpoint,
                maxPooled,
                pooledIdle,
                poolWait,
                requestTimeout,
                keepAlive,
                plainPasswords);
    }

    public HttpConfig withPool(int perEndpoint, int all, Duration idle, Duration wait) {
        return new HttpConfig(
                sockets,
                maxRequestBytes,
                maxResponseBytes,
                maxRowBytes,
                heldBytes,
                perEndpoint,
                all,
                idle,
                wait,
                requestTimeout,
                keepAlive,
                plainPasswords);
    }

    public HttpConfig withTimeouts(Duration request, Duration keepAliveTime) {
        return new HttpConfig(
                sockets,
                maxRequestBytes,
                maxResponseBytes,
                maxRowBytes,
                heldBytes,
                maxPooledPerEndpoint,
                maxPooled,
                pooledIdle,
                poolWait,
                request,
                keepAliveTime,
                plainPasswords);
    }
}
