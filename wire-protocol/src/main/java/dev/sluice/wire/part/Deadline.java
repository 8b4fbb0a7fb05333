package dev.sluice.wire.part;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Closes something unless it is told in time that it need not: what blocking reads lack. */
final class Deadline implements AutoCloseable {
    private static final ScheduledThreadPoolExecutor TIMER = timer();

    private final ScheduledFuture<?> closing;
    private volatile boolean passed;

    private Deadline(Closeable what, Duration limit) {
        closing =
                TIMER.schedule(
                        () -> {
                            passed = true;
                            closeQuietly(what);
                        },
                        limit.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer =
                new ScheduledThreadPoolExecutor(
                        1, task -> Thread.ofPlatform().daemon().name("deadlines").unstarted(task));
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    static Deadline closing(Closeable what, Duration limit) {
        return new Deadline(what, limit);
    }

    /** Whether it was not told in time. */
    boolean hasPassed() {
        return passed;
    }

    private static void closeQuietly(Closeable what) {
        try {
            what.close();
        } catch (IOException _) {
            // It was to be gone, and is.
        }
    }

    /** It need not. */
    @Override
    public void close() {
        closing.cancel(false);
    }
}
