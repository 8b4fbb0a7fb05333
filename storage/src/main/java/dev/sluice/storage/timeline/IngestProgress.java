package dev.sluice.storage.timeline;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How far ingest is, and who waits for it. One thread advances; waiting costs it something only
 * when somebody waits.
 */
final class IngestProgress {
    private final String timeline;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    private volatile TimelinePosition position;
    private volatile @Nullable Throwable failure;
    private final AtomicInteger waiting = new AtomicInteger();

    IngestProgress(String timeline, TimelinePosition position) {
        this.timeline = timeline;
        this.position = position;
    }

    TimelinePosition position() {
        return position;
    }

    @Nullable Throwable failure() {
        return failure;
    }

    void advance(TimelinePosition next) {
        position = next;
        if (waiting.get() > 0) {
            wake();
        }
    }

    /** Ingest stopped and will not go on by itself. Null: it goes on. */
    void failed(@Nullable Throwable cause) {
        failure = cause;
        wake();
    }

    private void wake() {
        lock.lock();
        try {
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * @throws IOException when it did not come so far in time, or stopped before
     */
    void await(Lsn lsn, Duration limit) throws IOException {
        if (!position.end().isBefore(lsn)) {
            return;
        }
        lock.lock();
        try {
            waiting.incrementAndGet();
            long left = limit.toNanos();
            while (position.end().isBefore(lsn)) {
                Throwable cause = failure;
                if (cause != null) {
                    throw new IOException(stopped() + ": " + cause.getMessage(), cause);
                }
                if (left <= 0) {
                    throw new IOException(
                            timeline
                                    + ": ingest is at "
                                    + position.end()
                                    + " and did not reach "
                                    + lsn
                                    + " within "
                                    + limit);
                }
                left = moved.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(timeline + ": interrupted while waiting for " + lsn, e);
        } finally {
            waiting.decrementAndGet();
            lock.unlock();
        }
    }

    private String stopped() {
        return timeline + ": ingest stopped at " + position.end();
    }
}
