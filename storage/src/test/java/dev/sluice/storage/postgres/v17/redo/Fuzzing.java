package dev.sluice.storage.postgres.v17.redo;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Gives damaged inputs to code, one after the other on a thread of their own, and says of each that
 * broke a rule how to have it again: the code takes it, or throws the error that is documented;
 * within a time, and without allocating more than an input is worth.
 */
final class Fuzzing {
    private static final long INPUTS = Long.getLong("sluice.fuzz.inputs", 150_000);
    private static final long SEED = Long.getLong("sluice.fuzz.seed", System.nanoTime());
    private static final long ONE = Long.getLong("sluice.fuzz.one", -1);
    private static final long SECONDS_FOR_ONE = 20;
    private static final int SHOWN = 10;

    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Makes one input and has it taken. */
    interface Input {
        /**
         * @return true if it was taken, false if it was refused as it should be
         */
        boolean run(Random random) throws Exception;
    }

    private final String name;
    private final long allocatedAtMost;
    private final Input input;
    private final List<String> broken = new ArrayList<>();
    private volatile long current = -1;
    private volatile long begunAt = System.nanoTime();
    private long refused;
    private long taken;
    private long largest;

    private Fuzzing(String name, long allocatedAtMost, Input input) {
        this.name = name;
        this.allocatedAtMost = allocatedAtMost;
        this.input = input;
    }

    /**
     * @param share the inputs that are run, as a part of {@code sluice.fuzz.inputs}
     * @param allocatedAtMost bytes that one input may take from the heap
     */
    static void run(String name, double share, long allocatedAtMost, Input input) throws Exception {
        new Fuzzing(name, allocatedAtMost, input).run((long) (INPUTS * share));
    }

    private void run(long inputs) throws InterruptedException {
        System.out.printf("fuzzing %s: -Dsluice.fuzz.seed=%d%n", name, SEED);
        long begin = System.nanoTime();
        Thread worker = Thread.ofPlatform().daemon().name("fuzzing").unstarted(() -> work(inputs));
        worker.start();
        while (!worker.join(java.time.Duration.ofMillis(100))) {
            if (System.nanoTime() - begunAt > TimeUnit.SECONDS.toNanos(SECONDS_FOR_ONE)) {
                StackTraceElement[] stack = worker.getStackTrace();
                throw new AssertionError(
                        name + ": input " + current + " does not end: " + Arrays.toString(stack));
            }
        }
        System.out.printf(
                "%s: %d inputs, %d refused, %d taken, largest allocation %d bytes, %d ms%n",
                name,
                refused + taken + broken.size(),
                refused,
                taken,
                largest,
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
        assertThat(broken).as(name + " with seed " + SEED).isEmpty();
        if (ONE < 0) {
            assertThat(refused).isPositive();
            assertThat(taken).isPositive();
        }
    }

    private void work(long inputs) {
        for (long i = ONE < 0 ? 0 : ONE; i < (ONE < 0 ? inputs : ONE + 1); i++) {
            begunAt = System.nanoTime();
            current = i;
            one(i);
            if (broken.size() >= SHOWN) {
                return;
            }
        }
    }

    private void one(long number) {
        Random random = new Random(SEED * 1_000_003 + number);
        long before = THREADS.getCurrentThreadAllocatedBytes();
        Throwable thrown = null;
        try {
            if (input.run(random)) {
                taken++;
            } else {
                refused++;
            }
        } catch (Throwable e) {
            thrown = e;
        }
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        largest = Math.max(largest, allocated);
        if (thrown != null || allocated > allocatedAtMost) {
            broken.add("-Dsluice.fuzz.one=" + number + " " + text(thrown, allocated));
        }
    }

    private static String text(@Nullable Throwable thrown, long allocated) {
        return thrown == null
                ? allocated + " bytes allocated"
                : thrown + " at " + Arrays.stream(thrown.getStackTrace()).limit(6).toList();
    }
}
