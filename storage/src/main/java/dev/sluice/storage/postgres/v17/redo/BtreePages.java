package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LinePointer;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/**
 * B-tree pages ({@code access/nbtree.h}): the special area, {@code BTPageOpaqueData}, and the pages
 * that redo makes from nothing.
 *
 * <pre>
 *   special area   u32 previous, u32 next, u32 level, u16 flags, u16 vacuum cycle id
 * </pre>
 */
final class BtreePages {
    static final int SPECIAL_BYTES = 16;

    static final int LEAF = 0x0001;
    static final int ROOT = 0x0002;
    static final int DELETED = 0x0004;
    static final int META = 0x0008;
    static final int HALF_DEAD = 0x0010;
    static final int HAS_GARBAGE = 0x0040;
    static final int INCOMPLETE_SPLIT = 0x0080;
    static final int HAS_FULL_XID = 0x0100;

    /** {@code P_HIKEY}: the line pointer of a page's high key, unless it is the rightmost. */
    static final int HIGH_KEY = 1;

    private static final int MAGIC = 0x053162;
    private static final int OLDEST_LOGGED_VERSION = 3;
    private static final int META_RECORD_BYTES = 28;
    private static final int META_BYTES = 48;
    private static final double UNKNOWN_HEAP_TUPLES = -1.0;

    private BtreePages() {}

    /** An empty page. */
    static void init(byte[] page, int previous, int next, int level, int flags) {
        Page.init(page, SPECIAL_BYTES);
        int special = Page.SIZE - SPECIAL_BYTES;
        LittleEndian.put32(page, special, previous);
        LittleEndian.put32(page, special + 4, next);
        LittleEndian.put32(page, special + 8, level);
        LittleEndian.put16(page, special + 12, flags);
    }

    private static int special(byte[] page) throws CorruptPageException {
        return Page.specialOf(page, SPECIAL_BYTES);
    }

    static void setPrevious(byte[] page, int block) throws CorruptPageException {
        LittleEndian.put32(page, special(page), block);
    }

    static void setNext(byte[] page, int block) throws CorruptPageException {
        LittleEndian.put32(page, special(page) + 4, block);
    }

    /** {@code P_RIGHTMOST}: no next page, so no high key. */
    static boolean isRightmost(byte[] page) throws CorruptPageException {
        return LittleEndian.i32(page, special(page) + 4) == 0;
    }

    /** {@code P_FIRSTDATAKEY}. */
    static int firstDataItem(byte[] page) throws CorruptPageException {
        return isRightmost(page) ? HIGH_KEY : HIGH_KEY + 1;
    }

    static void setFlags(byte[] page, int flags) throws CorruptPageException {
        LittleEndian.put16(page, special(page) + 12, flags);
    }

    static void clearFlags(byte[] page, int flags) throws CorruptPageException {
        int at = special(page) + 12;
        LittleEndian.put16(page, at, LittleEndian.u16(page, at) & ~flags);
    }

    static void clearCycleId(byte[] page) throws CorruptPageException {
        LittleEndian.put16(page, special(page) + 14, 0);
    }

    /**
     * {@code _bt_restore_page}: fills an empty page with tuples that lie one after the other, the
     * one with the highest line pointer first.
     */
    static void restoreItems(byte[] page, byte[] source, int from, int length)
            throws RedoException, CorruptPageException {
        int end = from + length;
        int count = 0;
        for (int at = from; at < end; count++) {
            at += alignedSize(source, at, end);
        }
        int lower = Page.HEADER_BYTES + count * LinePointer.BYTES;
        int upper = Page.special(page) - length;
        if (lower > upper) {
            throw new RedoException(count + " items of " + length + " bytes for one page");
        }
        System.arraycopy(source, from, page, upper, length);
        Page.setLower(page, lower);
        Page.setUpper(page, upper);
        int at = upper;
        for (int item = count; item > 0; item--) {
            int size = LittleEndian.maxAlign(IndexTuple.size(page, at));
            LinePointer.set(page, item, LinePointer.of(LinePointer.NORMAL, at, size));
            at += size;
        }
    }

    /** The aligned size of the tuple at {@code at}, which ends no later than {@code end}. */
    static int alignedSize(byte[] source, int at, int end)
            throws RedoException, CorruptPageException {
        int size = LittleEndian.maxAlign(IndexTuple.checkedSize(source, at, end));
        RecordFields.need(at, size, end);
        return size;
    }

    /**
     * {@code _bt_restore_meta}: the meta page, from nothing. Block data: u32 version, root, level,
     * fast root, fast level, deleted pages at the last cleanup, then u8 whether equality is image
     * equality.
     */
    static void restoreMeta(WalRecord record, int block, byte[] page) throws RedoException {
        byte[] raw = record.raw();
        int data = RecordFields.data(record, block, META_RECORD_BYTES);
        if (LittleEndian.i32(raw, data) < OLDEST_LOGGED_VERSION) {
            throw new RedoException(
                    "B-tree version " + LittleEndian.i32(raw, data) + " is not logged");
        }
        init(page, 0, 0, 0, META);
        int meta = Page.HEADER_BYTES;
        LittleEndian.put32(page, meta, MAGIC);
        System.arraycopy(raw, data, page, meta + 4, 24);
        LittleEndian.put64(page, meta + 32, Double.doubleToLongBits(UNKNOWN_HEAP_TUPLES));
        page[meta + 40] = raw[data + 24];
        Page.setLower(page, meta + META_BYTES);
    }
}
