package dev.sluice.storage.pageserver;

import dev.sluice.wire.part.PartChannel;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Closes channels whose peer is waited for too long: one whose host has no power any more says
 * nothing, and TCP takes a quarter of an hour to see that. It looks now and then, so that a page
 * that is read wakes no timer.
 */
final class AnswerWatch implements Closeable {
    private static final ScheduledThreadPoolExecutor TIMER = timer();

    private final Set<Wait> waits = ConcurrentHashMap.newKeySet();
    private final ScheduledFuture<?> looking;

    /** Somebody waits for an answer. */
    static final class Wait {
        private final PartChannel channel;
        private final long deadline;
        private volatile boolean overdue;

        private Wait(PartChannel channel, Duration limit) {
            this.channel = channel;
            this.deadline = System.nanoTime() + limit.toNanos();
        }

        /** Whether the channel was closed, because the answer had not come in time. */
        boolean isOverdue() {
            return overdue;
        }
    }

    /**
     * @param pause between two looks: how much longer than its limit a wait may take
     */
    AnswerWatch(Duration pause) {
        looking =
                TIMER.scheduleWithFixedDelay(
                        this::look, pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer =
                new ScheduledThreadPoolExecutor(
                        1, task -> Thread.ofPlatform().daemon().name("answers").unstarted(task));
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    Wait begin(PartChannel channel, Duration limit) {
        Wait wait = new Wait(channel, limit);
        waits.add(wait);
        return wait;
    }

    void end(Wait wait) {
        waits.remove(wait);
    }

    private void look() {
        long now = System.nanoTime();
        for (Wait wait : waits) {
            if (now - wait.deadline >= 0 && !wait.overdue) {
                wait.overdue = true;
                try {
                    wait.channel.close();
                } catch (IOException _) {
                    // It was of no more use.
                }
            }
        }
    }

    @Override
    public void close() {
        looking.cancel(false);
    }
}
