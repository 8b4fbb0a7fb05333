package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.Page;
import java.util.Arrays;

/**
 * Whether two pages are the same byte by byte, hints and all: what redo makes beside what
 * Postgres's own recovery makes. Left out are the checksum, which is made when a page is written,
 * and what lies between {@code pd_lower} and {@code pd_upper}, which nobody reads.
 */
final class RedoneExactly {
    private RedoneExactly() {}

    /** The first byte that differs; -1 if none does. Both arrays stay as they are. */
    static int mismatch(byte[] page, byte[] other) {
        if (Arrays.equals(page, other)) {
            return -1;
        }
        return Arrays.mismatch(comparable(page), comparable(other));
    }

    private static byte[] comparable(byte[] page) {
        byte[] copy = page.clone();
        Page.setChecksum(copy, 0);
        int lower = Page.lower(copy);
        int upper = Page.upper(copy);
        if (lower >= Page.HEADER_BYTES && lower <= upper && upper <= Page.SIZE) {
            Arrays.fill(copy, lower, upper, (byte) 0);
        }
        return copy;
    }
}
