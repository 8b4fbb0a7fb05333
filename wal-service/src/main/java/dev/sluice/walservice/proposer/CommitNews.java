package dev.sluice.walservice.proposer;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * When a new commit LSN is told to the safekeepers in a message of its own. One commit after a
 * pause is told at once. While commits follow each other, the next one's WAL takes the word along:
 * messages of its own would be as many again as those with WAL, each of which wakes a safekeeper
 * that has a commit to sync. If no WAL comes, it is told some milliseconds later.
 */
final class CommitNews {
    private static final long PAUSE_NANOS = Duration.ofMillis(5).toNanos();

    private final ReentrantLock lock;
    private final Condition changed;
    private long movedAt;
    private boolean waiting;
    private boolean over;
    private volatile boolean due = true;

    /**
     * @param lock the campaign's
     */
    CommitNews(ReentrantLock lock) {
        this.lock = lock;
        this.changed = lock.newCondition();
        this.movedAt = System.nanoTime() - PAUSE_NANOS;
    }

    boolean isDue() {
        return due;
    }

    /** The commit LSN has moved. The lock is held. */
    void moved(long now) {
        due = now - movedAt >= PAUSE_NANOS;
        movedAt = now;
        if (!due && !waiting) {
            waiting = true;
            changed.signalAll();
        }
    }

    void tellNow() {
        due = true;
    }

    /** The lock is held. */
    void end() {
        over = true;
        changed.signalAll();
    }

    /**
     * Waits until something has waited long enough to be told.
     *
     * @return false when there is no one to tell any more
     */
    boolean awaitDue() {
        lock.lock();
        try {
            while (!waiting && !over) {
                changed.awaitUninterruptibly();
            }
            long left = PAUSE_NANOS;
            while (left > 0 && !over) {
                left = changed.awaitNanos(left);
            }
            waiting = false;
            due = true;
            return !over;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }
}
