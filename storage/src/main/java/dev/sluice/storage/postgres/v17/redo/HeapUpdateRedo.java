package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.HeapTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.page.VisibilityMap;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/**
 * {@code heap_xlog_update}. Block 0 is where the new tuple goes; block 1, if there is one, where
 * the old tuple is, else it is on block 0 too. Blocks 2 and 3 are visibility map pages.
 *
 * <pre>
 *   main data    u32 old xmax, u16 old offset number, u8 old infobits, u8 flags,
 *                u32 new xmax, u16 new offset number
 *   block 0      [u16 prefix] [u16 suffix] u16 infomask2, u16 infomask, u8 hoff, tuple without both
 * </pre>
 */
final class HeapUpdateRedo {
    private static final int MAIN_BYTES = 14;
    private static final int NEW = 0;
    private static final int OLD = 1;
    private static final int MAP_OF_NEW = 2;
    private static final int MAP_OF_OLD = 3;

    private static final int OLD_ALL_VISIBLE_CLEARED = 0x01;
    private static final int NEW_ALL_VISIBLE_CLEARED = 0x02;
    private static final int PREFIX_FROM_OLD = 0x20;
    private static final int SUFFIX_FROM_OLD = 0x40;

    private HeapUpdateRedo() {}

    static boolean redo(WalRecord record, int block, byte[] page, boolean hot)
            throws RedoException, CorruptPageException {
        int main = RecordFields.main(record, MAIN_BYTES);
        boolean samePage = !record.hasBlock(OLD);
        if (block == OLD || samePage) {
            updateOld(record, main, page, hot);
        }
        if (block == NEW) {
            if (samePage) {
                addNew(record, main, page, LittleEndian.u16(record.raw(), main + 4));
            } else {
                HeapInsertRedo.initialize(record, block, page);
                addNew(record, main, page, 0);
            }
        } else if (block != OLD) {
            throw RecordFields.noSuchBlock(block);
        }
        return true;
    }

    private static void updateOld(WalRecord record, int main, byte[] page, boolean hot)
            throws CorruptPageException {
        byte[] raw = record.raw();
        int tuple = Tuples.find(page, LittleEndian.u16(raw, main + 4));
        Tuples.setXmaxBits(page, tuple, LittleEndian.u8(raw, main + 6));
        if (hot) {
            Tuples.setHotUpdated(page, tuple);
        } else {
            Tuples.clearHotUpdated(page, tuple);
        }
        HeapTuple.setXmax(page, tuple, LittleEndian.i32(raw, main));
        Tuples.setFirstCommand(page, tuple);
        HeapTuple.setCtid(page, tuple, record.blockNumber(NEW), LittleEndian.u16(raw, main + 12));
        Page.setPrunable(page, record.xid());
        if ((flags(record, main) & OLD_ALL_VISIBLE_CLEARED) != 0) {
            Page.clearFlag(page, Page.ALL_VISIBLE);
        }
    }

    /**
     * @param oldOffsetNumber the old tuple's line pointer on this page; 0 if it is on another
     */
    private static void addNew(WalRecord record, int main, byte[] page, int oldOffsetNumber)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int flags = flags(record, main);
        int at = record.blockDataOffset(NEW);
        int end = RecordFields.dataEnd(record, NEW);
        int prefix = 0;
        int suffix = 0;
        if ((flags & PREFIX_FROM_OLD) != 0) {
            RecordFields.need(at, 2, end);
            prefix = LittleEndian.u16(raw, at);
            at += 2;
        }
        if ((flags & SUFFIX_FROM_OLD) != 0) {
            RecordFields.need(at, 2, end);
            suffix = LittleEndian.u16(raw, at);
            at += 2;
        }
        RecordFields.need(at, HeapInsertRedo.TUPLE_HEADER_BYTES, end);
        int from = at + HeapInsertRedo.TUPLE_HEADER_BYTES;
        int tuple =
                Tuples.add(
                        page,
                        record.blockNumber(NEW),
                        LittleEndian.u16(raw, main + 12),
                        prefix + (end - from) + suffix,
                        record.xid(),
                        LittleEndian.u16(raw, at),
                        LittleEndian.u16(raw, at + 2),
                        LittleEndian.u8(raw, at + 4));
        HeapTuple.setXmax(page, tuple, LittleEndian.i32(raw, main + 8));
        copyData(raw, from, end, page, tuple, oldOffsetNumber, prefix, suffix);
        if ((flags & NEW_ALL_VISIBLE_CLEARED) != 0) {
            Page.clearFlag(page, Page.ALL_VISIBLE);
        }
    }

    /**
     * Puts the new tuple's null bitmap and data together: the bitmap from the record, the prefix
     * from the old tuple, what changed from the record, the suffix from the old tuple.
     */
    private static void copyData(
            byte[] raw,
            int from,
            int end,
            byte[] page,
            int tuple,
            int oldOffsetNumber,
            int prefix,
            int suffix)
            throws RedoException, CorruptPageException {
        int to = tuple + HeapTuple.HEADER_BYTES;
        if (prefix == 0 && suffix == 0) {
            System.arraycopy(raw, from, page, to, end - from);
            return;
        }
        if (oldOffsetNumber == 0) {
            throw new RedoException("prefix or suffix of an old tuple on another page");
        }
        int old = Items.find(page, oldOffsetNumber);
        int oldLength = Items.length(page, oldOffsetNumber);
        int oldData = HeapTuple.dataOffset(page, old);
        if (oldData + prefix > oldLength || suffix > oldLength) {
            throw new RedoException(
                    "prefix "
                            + prefix
                            + " or suffix "
                            + suffix
                            + " exceeds the old tuple of "
                            + oldLength
                            + " bytes");
        }
        int bitmap = 0;
        if (prefix > 0) {
            bitmap = HeapTuple.dataOffset(page, tuple) - HeapTuple.HEADER_BYTES;
            RecordFields.need(from, bitmap, end);
        }
        int changed = end - from - bitmap;
        System.arraycopy(raw, from, page, to, bitmap);
        System.arraycopy(page, old + oldData, page, to + bitmap, prefix);
        System.arraycopy(raw, from + bitmap, page, to + bitmap + prefix, changed);
        System.arraycopy(
                page, old + oldLength - suffix, page, to + bitmap + prefix + changed, suffix);
    }

    /**
     * The map page of the new tuple's heap block covers the old one's bits too when they are on it;
     * a map page of its own is registered for the old one only when they are not.
     */
    static boolean clearVisibility(WalRecord record, int block, byte[] page) throws RedoException {
        int old = record.hasBlock(OLD) ? OLD : NEW;
        if (block == MAP_OF_OLD) {
            return VisibleRedo.clear(record, block, old, page, VisibilityMap.VALID_BITS);
        }
        if (block != MAP_OF_NEW) {
            throw RecordFields.noSuchBlock(block);
        }
        int flags = flags(record, RecordFields.main(record, MAIN_BYTES));
        boolean oldCleared = false;
        if ((flags & OLD_ALL_VISIBLE_CLEARED) != 0
                && VisibilityMap.mapBlock(record.blockNumber(old)) == record.blockNumber(block)) {
            oldCleared = VisibleRedo.clear(record, block, old, page, VisibilityMap.VALID_BITS);
        }
        boolean newCleared = VisibleRedo.clear(record, block, NEW, page, VisibilityMap.VALID_BITS);
        return oldCleared || newCleared;
    }

    private static int flags(WalRecord record, int main) {
        return LittleEndian.u8(record.raw(), main + 7);
    }
}
