package dev.sluice.gateway.pooling.queue;

/**
 * What a pool may have and how long it waits. Times are in nanoseconds.
 *
 * @param size server connections, those being opened included
 * @param patience how long a client waits for one before it is refused
 * @param lifetime after which a connection is closed when it comes back
 * @param idle after which a connection that nobody uses is closed
 */
public record PoolLimits(int size, long patience, long lifetime, long idle) {
    public PoolLimits {
        if (size < 1 || patience < 1 || lifetime < 1 || idle < 1) {
            throw new IllegalArgumentException("a pool would do nothing: " + size);
        }
    }
}
