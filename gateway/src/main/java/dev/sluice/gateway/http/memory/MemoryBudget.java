package dev.sluice.gateway.http.memory;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Memory that requests share for what is large: bodies, rows, answers that are held back. Who asks
 * first gets it first, and what is larger than the whole gets the whole. What is small is not
 * counted, so that it never waits for what is large.
 */
public final class MemoryBudget {
    private static final long UNIT = 1024;

    private final int units;
    private final Semaphore free;

    /**
     * @param bytes at once
     */
    public MemoryBudget(long bytes) {
        this.units = units(bytes);
        this.free = new Semaphore(units, true);
    }

    private static int units(long bytes) {
        return Math.toIntExact(Math.clamp(Math.ceilDiv(bytes, UNIT), 1, Integer.MAX_VALUE));
    }

    /** Nothing yet, for one who will want some. */
    public Share share() {
        return new Share();
    }

    /** What one has of it. For any thread. */
    public final class Share {
        private int held;

        private Share() {}

        /**
         * Makes it large enough, if it is not.
         *
         * @param bytes in all, not in addition
         * @param patience how long to wait for others to give some back
         * @return false if there is not so much; then the share is what it was
         */
        public synchronized boolean reserve(long bytes, Duration patience)
                throws InterruptedException {
            int more = missing(bytes);
            return more == 0
                    || taken(more, free.tryAcquire(more, patience.toNanos(), TimeUnit.NANOSECONDS));
        }

        /** As {@link #reserve}, without waiting. */
        public synchronized boolean tryReserve(long bytes) {
            int more = missing(bytes);
            return more == 0 || taken(more, free.tryAcquire(more));
        }

        private int missing(long bytes) {
            return Math.max(Math.min(units(bytes), units) - held, 0);
        }

        private boolean taken(int more, boolean granted) {
            held += granted ? more : 0;
            return granted;
        }

        /** Gives all of it back. */
        public synchronized void release() {
            free.release(held);
            held = 0;
        }
    }
}
