package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.HeapTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.Items.Placement;

/** What heap records of several types do to a tuple. */
final class Tuples {
    private static final int XMAX_IS_MULTI = 0x01;
    private static final int XMAX_LOCK_ONLY = 0x02;
    private static final int XMAX_EXCL_LOCK = 0x04;
    private static final int XMAX_KEYSHR_LOCK = 0x08;
    private static final int KEYS_UPDATED = 0x10;

    private static final int FIRST_COMMAND = 0;

    private Tuples() {}

    /** Where the tuple of a normal line pointer is; it has a whole header. */
    static int find(byte[] page, int offsetNumber) throws CorruptPageException {
        int tuple = Items.find(page, offsetNumber);
        if (Items.length(page, offsetNumber) < HeapTuple.HEADER_BYTES) {
            throw new CorruptPageException(
                    "heap tuple "
                            + offsetNumber
                            + " of "
                            + Items.length(page, offsetNumber)
                            + " bytes is shorter than its header");
        }
        return tuple;
    }

    /**
     * Makes room for a tuple whose user data and null bitmap take {@code bytes}, and writes its
     * header up to there.
     *
     * @return where the tuple begins
     */
    static int add(
            byte[] page,
            int block,
            int offsetNumber,
            int bytes,
            int xmin,
            int infomask2,
            int infomask,
            int hoff)
            throws CorruptPageException {
        int length = HeapTuple.HEADER_BYTES + bytes;
        if (length > HeapTuple.MAX_BYTES) {
            throw new CorruptPageException("heap tuple of " + length + " bytes");
        }
        int tuple = Items.reserve(page, offsetNumber, length, Placement.HEAP);
        HeapTuple.setXmin(page, tuple, xmin);
        HeapTuple.setXmax(page, tuple, 0);
        HeapTuple.setCommand(page, tuple, FIRST_COMMAND);
        HeapTuple.setCtid(page, tuple, block, offsetNumber);
        HeapTuple.setInfomask2(page, tuple, infomask2);
        HeapTuple.setInfomask(page, tuple, infomask & ~HeapTuple.COMBOCID);
        HeapTuple.setDataOffset(page, tuple, hoff);
        return tuple;
    }

    /**
     * Resets everything about xmax, then sets what a record's infobits say ({@code
     * fix_infomask_from_infobits}).
     */
    static void setXmaxBits(byte[] page, int tuple, int infobits) {
        int infomask = HeapTuple.infomask(page, tuple) & ~(HeapTuple.XMAX_BITS | HeapTuple.MOVED);
        int infomask2 = HeapTuple.infomask2(page, tuple) & ~HeapTuple.KEYS_UPDATED;
        infomask |= when(infobits, XMAX_IS_MULTI, HeapTuple.XMAX_IS_MULTI);
        infomask |= when(infobits, XMAX_LOCK_ONLY, HeapTuple.XMAX_LOCK_ONLY);
        infomask |= when(infobits, XMAX_EXCL_LOCK, HeapTuple.XMAX_EXCL_LOCK);
        infomask |= when(infobits, XMAX_KEYSHR_LOCK, HeapTuple.XMAX_KEYSHR_LOCK);
        infomask2 |= when(infobits, KEYS_UPDATED, HeapTuple.KEYS_UPDATED);
        HeapTuple.setInfomask(page, tuple, infomask);
        HeapTuple.setInfomask2(page, tuple, infomask2);
    }

    private static int when(int infobits, int bit, int then) {
        return (infobits & bit) != 0 ? then : 0;
    }

    static void clearHotUpdated(byte[] page, int tuple) {
        HeapTuple.setInfomask2(
                page, tuple, HeapTuple.infomask2(page, tuple) & ~HeapTuple.HOT_UPDATED);
    }

    static void setHotUpdated(byte[] page, int tuple) {
        HeapTuple.setInfomask2(
                page, tuple, HeapTuple.infomask2(page, tuple) | HeapTuple.HOT_UPDATED);
    }

    /** {@code HeapTupleHeaderSetCmax(FirstCommandId, false)}: WAL does not carry command ids. */
    static void setFirstCommand(byte[] page, int tuple) {
        HeapTuple.setCommand(page, tuple, FIRST_COMMAND);
        HeapTuple.setInfomask(page, tuple, HeapTuple.infomask(page, tuple) & ~HeapTuple.COMBOCID);
    }
}
