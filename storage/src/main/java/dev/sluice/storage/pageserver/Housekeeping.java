package dev.sluice.storage.pageserver;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Runs a task again and again, with a pause in between, until stopped. */
final class Housekeeping {
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Duration period;
    private final Runnable task;
    private final Thread thread;

    Housekeeping(Duration period, Runnable task) {
        this.period = period;
        this.task = task;
        this.thread = Thread.ofPlatform().daemon().name("housekeeping").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Waits for a task that runs. */
    void stop() {
        stopped.countDown();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!stopped.await(period.toNanos(), TimeUnit.NANOSECONDS)) {
                task.run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
