package dev.sluice.storage.timeline;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is tried every other second and fails is logged when it begins to fail, and then now and
 * again: a disk may be full for days.
 */
public final class Complaint {
    static final Duration AGAIN = Duration.ofMinutes(10);

    /** Failures with no more than this between them are one trouble. */
    static final Duration OVER = Duration.ofMinutes(1);

    private @Nullable Long said;
    private long last;

    /**
     * It has failed.
     *
     * @param now of {@link System#nanoTime}
     * @return whether it is time to say so
     */
    public synchronized boolean failed(long now) {
        Long before = said;
        boolean goesOn = now - last <= OVER.toNanos();
        last = now;
        if (before != null && goesOn && now - before < AGAIN.toNanos()) {
            return false;
        }
        said = now;
        return true;
    }
}
