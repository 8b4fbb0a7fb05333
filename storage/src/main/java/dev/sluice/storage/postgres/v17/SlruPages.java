package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.TransactionIds;

/**
 * The order of SLRU pages on their circles: the {@code PagePrecedes} functions of {@code clog.c},
 * {@code commit_ts.c} and {@code multixact.c}, and {@code SlruMayDeleteSegment} of {@code slru.c}.
 */
final class SlruPages {
    private SlruPages() {}

    /** Whether a page is logically before another. */
    @FunctionalInterface
    interface Order {
        boolean precedes(long page, long other);
    }

    /** Whether a whole segment lies before the page where a truncation cuts. */
    static boolean segmentPrecedes(int segment, long cutoffPage, Order order) {
        long first = (long) segment * Slru.BLOCKS_PER_SEGMENT;
        long last = first + Slru.BLOCKS_PER_SEGMENT - 1;
        return order.precedes(first, cutoffPage) && order.precedes(last, cutoffPage);
    }

    /** {@code CLOGPagePrecedes} and {@code CommitTsPagePrecedes}. */
    static boolean xidPagePrecedes(long page, long other, int xidsPerPage) {
        int a = (int) (page * xidsPerPage) + TransactionIds.FIRST_NORMAL + 1;
        int b = (int) (other * xidsPerPage) + TransactionIds.FIRST_NORMAL + 1;
        return TransactionIds.precedes(a, b) && TransactionIds.precedes(a, b + xidsPerPage - 1);
    }

    /** {@code MultiXactOffsetPagePrecedes}. */
    static boolean multixactPagePrecedes(long page, long other, int perPage) {
        int a = (int) (page * perPage) + 2;
        int b = (int) (other * perPage) + 2;
        return a - b < 0 && a - (b + perPage - 1) < 0;
    }
}
