package dev.sluice.storage.postgres.v17.mask;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Two versions of a page that should be equal after masking, and are not.
 *
 * @param kind what the expected page is
 * @param bytes how many differ
 * @param runs where they differ, from the first on; not all of them if they are many
 */
public record PageDifference(PageKind kind, int bytes, List<Run> runs) {
    private static final int MAX_RUNS = 8;
    private static final int MAX_RUN_BYTES = 32;

    /** Equal bytes between two runs that are shown with them. */
    private static final int JOINED = 3;

    /**
     * A stretch of bytes that differ, or nearly all of them.
     *
     * @param offset of the first, on the page
     * @param expected in hexadecimal
     * @param found in hexadecimal
     */
    public record Run(int offset, String expected, String found) {
        @Override
        public String toString() {
            return "at " + offset + ": expected " + expected + ", found " + found;
        }
    }

    static PageDifference between(PageKind kind, byte[] expected, byte[] actual) {
        List<Run> runs = new ArrayList<>();
        int count = 0;
        int from = -1;
        int last = -1;
        for (int i = 0; i < expected.length; i++) {
            if (expected[i] == actual[i]) {
                continue;
            }
            count++;
            if (from >= 0 && (i - last > JOINED + 1 || i - from >= MAX_RUN_BYTES)) {
                add(runs, expected, actual, from, last + 1);
                from = -1;
            }
            from = from < 0 ? i : from;
            last = i;
        }
        if (from >= 0) {
            add(runs, expected, actual, from, last + 1);
        }
        return new PageDifference(kind, count, List.copyOf(runs));
    }

    private static void add(List<Run> runs, byte[] expected, byte[] actual, int from, int to) {
        if (runs.size() < MAX_RUNS) {
            HexFormat hex = HexFormat.of();
            runs.add(
                    new Run(
                            from,
                            hex.formatHex(expected, from, to),
                            hex.formatHex(actual, from, to)));
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(kind).append(" page: ").append(bytes).append(" bytes differ");
        runs.forEach(run -> text.append("; ").append(run));
        return text.toString();
    }
}
