package dev.sluice.walservice.proposer;

import java.time.Duration;

/**
 * When a new commit LSN is told to the safekeepers in a message of its own. One commit after a
 * pause is told at once. While commits follow each other, the next one's WAL takes the word along:
 * messages of its own would be as many again as those with WAL, each of which wakes a safekeeper
 * that has a commit to sync. If no WAL comes, it is told some milliseconds later. Times are those
 * of {@link System#nanoTime}; the campaign's lock is held.
 */
final class CommitNews {
    static final long PAUSE_NANOS = Duration.ofMillis(5).toNanos();

    private long movedAt;
    private boolean waiting;
    private boolean due = true;

    CommitNews(long now) {
        this.movedAt = now - PAUSE_NANOS;
    }

    boolean isDue() {
        return due;
    }

    /**
     * The commit LSN has moved.
     *
     * @return whether {@link #look} is to be called when the pause has passed
     */
    boolean moved(long now) {
        due = now - movedAt >= PAUSE_NANOS;
        movedAt = now;
        boolean first = !due && !waiting;
        waiting |= first;
        return first;
    }

    /**
     * Whether what waits has waited long enough.
     *
     * @return 0 if it is due now, else after how many nanoseconds to look again
     */
    long look(long now) {
        long left = movedAt + PAUSE_NANOS - now;
        if (left > 0) {
            return left;
        }
        waiting = false;
        due = true;
        return 0;
    }

    void tellNow() {
        due = true;
    }
}
