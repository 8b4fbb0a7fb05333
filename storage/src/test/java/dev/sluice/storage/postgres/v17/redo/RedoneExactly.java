package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.walservice.wal.Fork;
import java.util.Arrays;

/**
 * Whether two pages are the same byte by byte, hints and all: what redo makes beside what
 * Postgres's own recovery makes. Left out are the checksum, which is made when a page is written,
 * and what lies between {@code pd_lower} and {@code pd_upper}, which nobody reads, unless it is
 * just there that the page has its content: visibility maps, BRIN's range maps, and SLRUs, which
 * have no header.
 */
final class RedoneExactly {
    private RedoneExactly() {}

    /** The first byte that differs; -1 if none does. Both arrays stay as they are. */
    static int mismatch(Key key, byte[] page, byte[] other) {
        if (key.kind() != Key.RELATION_BLOCK || Arrays.equals(page, other)) {
            return Arrays.mismatch(page, other);
        }
        return Arrays.mismatch(comparable(key, page), comparable(key, other));
    }

    private static byte[] comparable(Key key, byte[] page) {
        byte[] copy = page.clone();
        Page.setChecksum(copy, 0);
        int lower = Page.lower(copy);
        int upper = Page.upper(copy);
        boolean hole = lower >= Page.HEADER_BYTES && lower <= upper && upper <= Page.SIZE;
        if (hole && key.fork() != Fork.VISIBILITY_MAP.number() && !isRangeMap(page)) {
            Arrays.fill(copy, lower, upper, (byte) 0);
        }
        return copy;
    }

    private static boolean isRangeMap(byte[] page) {
        return Page.specialBytes(page) == 8
                && LittleEndian.u16(page, Page.SIZE - 2) == BrinPages.REVMAP;
    }
}
