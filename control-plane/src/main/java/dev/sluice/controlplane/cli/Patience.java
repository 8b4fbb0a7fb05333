package dev.sluice.controlplane.cli;

import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Tells who waits, on standard error, that something takes longer than a second and for how long it
 * has.
 */
final class Patience implements AutoCloseable {
    private static final long FIRST_SECONDS = 1;
    private static final long NEXT_SECONDS = 5;

    private final CountDownLatch done = new CountDownLatch(1);
    private final PrintStream err;

    private Patience(PrintStream err) {
        this.err = err;
    }

    /** Begins to wait; the wait ends when this is closed. */
    static Patience begin() {
        return begin(System.err);
    }

    static Patience begin(PrintStream err) {
        Patience patience = new Patience(err);
        Thread.ofPlatform().daemon().name("patience").start(patience::tell);
        return patience;
    }

    private void tell() {
        long begin = System.nanoTime();
        long pause = FIRST_SECONDS;
        try {
            while (!done.await(pause, TimeUnit.SECONDS)) {
                long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin);
                err.println("sluice: the server is at work (" + seconds + " s)");
                pause = NEXT_SECONDS;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        done.countDown();
    }
}
