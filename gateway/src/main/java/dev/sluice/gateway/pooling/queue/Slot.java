package dev.sluice.gateway.pooling.queue;

import org.jspecify.annotations.Nullable;

/**
 * A server connection's place in its pool.
 *
 * @param <S> the connection
 */
public final class Slot<S> {
    enum State {
        IDLE,
        BUSY,
        GONE
    }

    private final S server;
    State state = State.BUSY;
    long openedAt;
    long idleSince;
    int generation;
    @Nullable Object affinity;

    public Slot(S server) {
        this.server = server;
    }

    public S server() {
        return server;
    }

    public boolean isIdle() {
        return state == State.IDLE;
    }

    /** When it was opened, in nanoseconds. */
    public long openedAt() {
        return openedAt;
    }

    /** When it was last given back. */
    public long idleSince() {
        return idleSince;
    }

    /** Clients that prefer this mark get it rather than others. */
    public void mark(@Nullable Object mark) {
        affinity = mark;
    }
}
