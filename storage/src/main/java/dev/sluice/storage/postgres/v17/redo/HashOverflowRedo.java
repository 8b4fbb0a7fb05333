package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** Overflow pages of hash buckets: added, emptied into earlier ones, freed. */
final class HashOverflowRedo {
    private HashOverflowRedo() {}

    /**
     * {@code hash_xlog_add_ovfl_page}. Main data: u16 bitmap bytes, u8 whether a free page was
     * found. Block 0 is the new page (data: u32 bucket), 1 the page before it, 2 a bitmap page
     * (data: u32 bit), 3 a new bitmap page, 4 the meta page (data: u32 first free).
     */
    static void add(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 3);
        switch (block) {
            case 0 -> {
                int bucket = LittleEndian.i32(raw, RecordFields.data(record, block, 4));
                HashPages.init(page, record.blockNumber(1), bucket, HashPages.OVERFLOW);
            }
            case 1 -> HashPages.setNext(page, record.blockNumber(0));
            case 2 ->
                    HashPages.setBit(
                            page, LittleEndian.i32(raw, RecordFields.data(record, block, 4)), true);
            case 3 -> HashPages.initBitmap(page, LittleEndian.u16(raw, main));
            case 4 -> {
                int firstFree = LittleEndian.i32(raw, RecordFields.data(record, block, 4));
                LittleEndian.put32(page, HashPages.FIRST_FREE, firstFree);
                if (raw[main + 2] == 0) {
                    boolean newMap = record.hasBlock(3);
                    HashPages.addSpares(page, newMap ? 2 : 1);
                    if (newMap) {
                        HashPages.addMap(page, record.blockNumber(3));
                    }
                }
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    /**
     * {@code hash_xlog_move_page_contents}. Main data: u16 tuples, u8 whether they go to the
     * bucket's first page. Block 0 is only what Postgres locks, 1 where they go, 2 where they were.
     */
    static boolean move(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        int main = RecordFields.main(record, 3);
        switch (block) {
            case 0 -> {
                return false;
            }
            case 1 -> insertAll(record, block, page, LittleEndian.u16(record.raw(), main));
            case 2 -> HashRedo.deleteListed(record, block, page);
            default -> throw RecordFields.noSuchBlock(block);
        }
        return true;
    }

    /** Block data: u16 offset numbers, as many as there are tuples, then the tuples. */
    private static void insertAll(WalRecord record, int block, byte[] page, int tuples)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int data = RecordFields.data(record, block, 2 * tuples);
        int end = RecordFields.dataEnd(record, block);
        int at = data + 2 * tuples;
        for (int i = 0; i < tuples; i++) {
            int size = BtreePages.alignedSize(raw, at, end);
            IndexItems.insert(page, LittleEndian.u16(raw, data + 2 * i), raw, at, size);
            at += size;
        }
        if (at != end) {
            throw new RedoException((end - at) + " bytes after the last tuple");
        }
    }

    /**
     * {@code hash_xlog_squeeze_page}. Main data: u32 previous, u32 next, u16 tuples, u8 whether
     * they go to the bucket's first page, u8 whether to the freed page's previous. Block 0 is only
     * what Postgres locks, 1 where tuples go, 2 the freed page, 3 the previous, 4 the next, 5 a
     * bitmap page (data: u32 bit), 6 the meta page (data: u32 first free).
     */
    static boolean squeeze(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 12);
        int next = LittleEndian.i32(raw, main + 4);
        switch (block) {
            case 0 -> {
                return false;
            }
            case 1 -> {
                int tuples = LittleEndian.u16(raw, main + 8);
                boolean previous = raw[main + 11] != 0;
                if (tuples > 0) {
                    insertAll(record, block, page, tuples);
                }
                if (previous) {
                    HashPages.setNext(page, next);
                }
                return tuples > 0 || previous;
            }
            case 2 ->
                    HashPages.init(page, HashPages.NO_BLOCK, HashPages.NO_BLOCK, HashPages.UNUSED);
            case 3 -> HashPages.setNext(page, next);
            case 4 -> HashPages.setPrevious(page, LittleEndian.i32(raw, main));
            case 5 ->
                    HashPages.setBit(
                            page,
                            LittleEndian.i32(raw, RecordFields.data(record, block, 4)),
                            false);
            case 6 -> {
                int firstFree = LittleEndian.i32(raw, RecordFields.data(record, block, 4));
                LittleEndian.put32(page, HashPages.FIRST_FREE, firstFree);
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
        return true;
    }
}
