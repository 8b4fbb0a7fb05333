package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;

/** {@code hash_redo} in {@code hash_xlog.c}. */
final class HashRedo implements ManagerRedo {
    private static final int INIT_META_PAGE = 0x00;
    private static final int INIT_BITMAP_PAGE = 0x10;
    private static final int INSERT = 0x20;
    private static final int ADD_OVFL_PAGE = 0x30;
    private static final int SPLIT_ALLOCATE_PAGE = 0x40;
    private static final int SPLIT_PAGE = 0x50;
    private static final int SPLIT_COMPLETE = 0x60;
    private static final int MOVE_PAGE_CONTENTS = 0x70;
    private static final int SQUEEZE_PAGE = 0x80;
    private static final int DELETE = 0x90;
    private static final int SPLIT_CLEANUP = 0xA0;
    private static final int UPDATE_META_PAGE = 0xB0;
    private static final int VACUUM_ONE_PAGE = 0xC0;

    @Override
    public boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        switch (record.rmgrInfo()) {
            case INIT_META_PAGE -> initMeta(record, page);
            case INIT_BITMAP_PAGE -> initBitmap(record, block, page);
            case INSERT -> insert(record, block, page);
            case ADD_OVFL_PAGE -> HashOverflowRedo.add(record, block, page);
            case SPLIT_ALLOCATE_PAGE -> HashSplitRedo.allocate(record, block, page);
            case SPLIT_PAGE -> throw new RedoException("no full-page image in the record");
            case SPLIT_COMPLETE -> HashSplitRedo.complete(record, block, page);
            case MOVE_PAGE_CONTENTS -> {
                return HashOverflowRedo.move(record, block, page);
            }
            case SQUEEZE_PAGE -> {
                return HashOverflowRedo.squeeze(record, block, page);
            }
            case DELETE -> {
                return delete(record, block, page);
            }
            case SPLIT_CLEANUP -> HashPages.clearFlags(page, HashPages.NEEDS_SPLIT_CLEANUP);
            case UPDATE_META_PAGE -> {
                int main = RecordFields.main(record, 8);
                long tuples = LittleEndian.i64(record.raw(), main);
                LittleEndian.put64(page, HashPages.TUPLES, tuples);
            }
            case VACUUM_ONE_PAGE -> vacuumOnePage(record, block, page);
            default -> throw RecordFields.unknown(record);
        }
        return true;
    }

    /**
     * Whether the record sets bucket flags on a block even after its image was applied: images may
     * have the old ones.
     */
    static boolean setsBucketFlags(WalRecord record, int block) {
        return record.resourceManager() == ResourceManager.RM_HASH_ID
                && (record.rmgrInfo() == SPLIT_COMPLETE
                        || (record.rmgrInfo() == SPLIT_ALLOCATE_PAGE && block == 0));
    }

    static void setBucketFlags(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        if (record.rmgrInfo() == SPLIT_COMPLETE) {
            HashSplitRedo.complete(record, block, page);
        } else {
            HashSplitRedo.allocate(record, block, page);
        }
    }

    /** Main data: f64 tuples, u32 function, u16 fill factor. */
    private static void initMeta(WalRecord record, byte[] page) throws RedoException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 14);
        double tuples = Double.longBitsToDouble(LittleEndian.i64(raw, main));
        int function = LittleEndian.i32(raw, main + 8);
        HashPages.initMeta(page, tuples, function, LittleEndian.u16(raw, main + 12));
    }

    /** Main data: u16 bitmap bytes. Block 0 is the bitmap, block 1 the meta page. */
    private static void initBitmap(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        switch (block) {
            case 0 -> {
                int bytes = LittleEndian.u16(record.raw(), RecordFields.main(record, 2));
                HashPages.initBitmap(page, bytes);
            }
            case 1 -> {
                int buckets = LittleEndian.i32(page, HashPages.MAX_BUCKET) + 1;
                HashPages.addMap(page, buckets + 1);
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    /** Main data: u16 offset number. Block 0 gets the tuple, block 1 is the meta page. */
    private static void insert(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        switch (block) {
            case 0 -> {
                int offsetNumber = LittleEndian.u16(record.raw(), RecordFields.main(record, 2));
                int data = RecordFields.data(record, block, IndexTuple.HEADER_BYTES);
                IndexItems.insert(
                        page, offsetNumber, record.raw(), data, record.blockDataLength(block));
            }
            case 1 -> {
                double tuples =
                        Double.longBitsToDouble(LittleEndian.i64(page, HashPages.TUPLES)) + 1;
                LittleEndian.put64(page, HashPages.TUPLES, Double.doubleToLongBits(tuples));
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    /**
     * Main data: u8 whether no dead tuples remain, u8 whether the page is its bucket's first. Block
     * 1 is the page, block 0 only what Postgres locks.
     */
    private static boolean delete(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        if (block == 0) {
            return false;
        }
        int main = RecordFields.main(record, 2);
        deleteListed(record, block, page);
        if (record.raw()[main] != 0) {
            HashPages.clearFlags(page, HashPages.HAS_DEAD_TUPLES);
        }
        return true;
    }

    /** Block data: u16 offset numbers of the items to delete. */
    static void deleteListed(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        int count = record.blockDataLength(block) / 2;
        if (count > 0) {
            int data = RecordFields.data(record, block, 2 * count);
            IndexItems.deleteAll(page, record.raw(), data, count);
        }
    }

    /**
     * Main data: u32 horizon, u16 tuples, u8 catalog relation, pad, u16 offset numbers. Block 1 is
     * the meta page.
     */
    private static void vacuumOnePage(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 8);
        int count = LittleEndian.u16(raw, main + 4);
        switch (block) {
            case 0 -> {
                RecordFields.main(record, 8 + 2 * count);
                IndexItems.deleteAll(page, raw, main + 8, count);
                HashPages.clearFlags(page, HashPages.HAS_DEAD_TUPLES);
            }
            case 1 -> {
                double tuples =
                        Double.longBitsToDouble(LittleEndian.i64(page, HashPages.TUPLES)) - count;
                LittleEndian.put64(page, HashPages.TUPLES, Double.doubleToLongBits(tuples));
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }
}
