package dev.sluice.storage.postgres.v17.mask;

import java.util.HexFormat;

/**
 * Two versions of a page that should be equal after masking, and are not.
 *
 * @param kind what the expected page is
 * @param firstByte the first byte that differs
 * @param bytes how many differ
 * @param excerpt both sides from there on, for people
 */
public record PageDifference(PageKind kind, int firstByte, int bytes, String excerpt) {
    private static final int EXCERPT_BYTES = 32;

    static PageDifference between(PageKind kind, byte[] expected, byte[] actual) {
        int first = -1;
        int count = 0;
        for (int i = 0; i < expected.length; i++) {
            if (expected[i] != actual[i]) {
                first = first < 0 ? i : first;
                count++;
            }
        }
        int end = Math.min(expected.length, first + EXCERPT_BYTES);
        HexFormat hex = HexFormat.of();
        String excerpt =
                "expected "
                        + hex.formatHex(expected, first, end)
                        + ", found "
                        + hex.formatHex(actual, first, end);
        return new PageDifference(kind, first, count, excerpt);
    }

    @Override
    public String toString() {
        return kind + " page: " + bytes + " bytes differ, from byte " + firstByte + ": " + excerpt;
    }
}
