package dev.sluice.gateway.pooling.queue;

import org.jspecify.annotations.Nullable;

/**
 * A client's place in the queue, made once and used for each of its transactions.
 *
 * @param <C> the client
 */
public final class Waiter<C> {
    private final C client;
    @Nullable Waiter<C> before;
    @Nullable Waiter<C> after;
    boolean queued;
    long since;
    @Nullable Object affinity;

    public Waiter(C client) {
        this.client = client;
    }

    public C client() {
        return client;
    }

    /** Whether it waits. */
    public boolean isWaiting() {
        return queued;
    }

    /** Since when it waits, or did last. */
    public long since() {
        return since;
    }

    /** A connection that is marked with the same is preferred. */
    public void prefer(@Nullable Object mark) {
        affinity = mark;
    }
}
