package dev.sluice.storage.postgres.v17.redo;

import java.util.Arrays;

/**
 * What code that {@link MutantLoader} has rewritten calls: fuel, so that a fault cannot loop for
 * ever, and marks, so that it is known which sites a change passed. For one thread at a time.
 */
public final class Instrumented {
    /** More jumps than redo of any sound record takes on one page, by an order of magnitude. */
    private static final int FUEL = 2_000_000;

    private static int fuel = FUEL;
    private static boolean[] passed = new boolean[0];
    private static int[] order = new int[0];
    private static int count;

    private Instrumented() {}

    /** Redo took more jumps than any sound record needs. */
    static final class OutOfFuel extends RuntimeException {
        private static final long serialVersionUID = 1L;

        OutOfFuel() {
            super("redo does not come to an end");
        }
    }

    static void begin() {
        fuel = FUEL;
    }

    /** Makes room for marks of sites 0 to {@code sites - 1}, none of them set. */
    static void beginMarks(int sites) {
        passed = new boolean[sites];
        order = new int[sites];
        count = 0;
    }

    /** The sites marked since the last call. */
    static int[] takeMarks() {
        int[] taken = Arrays.copyOf(order, count);
        for (int site : taken) {
            passed[site] = false;
        }
        count = 0;
        return taken;
    }

    /** Called before every jump. */
    public static void burn() {
        if (--fuel < 0) {
            throw new OutOfFuel();
        }
    }

    /** Called where a mutation could be made. */
    public static void mark(int site) {
        if (!passed[site]) {
            passed[site] = true;
            order[count++] = site;
        }
    }
}
