package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** A hash bucket is split in two ({@code hash_xlog_split_allocate_page}, {@code _complete}). */
final class HashSplitRedo {
    private static final int UPDATE_MASKS = 0x01;
    private static final int UPDATE_SPLITPOINT = 0x02;

    private HashSplitRedo() {}

    /**
     * Main data: u32 new bucket, u16 old bucket's flags, u16 new bucket's flags, u8 what changes on
     * the meta page. Block 0 is the old bucket, 1 the new, 2 the meta page.
     */
    static void allocate(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 9);
        int bucket = LittleEndian.i32(raw, main);
        switch (block) {
            case 0 -> {
                HashPages.setFlags(page, LittleEndian.u16(raw, main + 4));
                HashPages.setPrevious(page, bucket);
            }
            case 1 -> HashPages.init(page, bucket, bucket, LittleEndian.u16(raw, main + 6));
            case 2 -> {
                LittleEndian.put32(page, HashPages.MAX_BUCKET, bucket);
                updateMeta(record, LittleEndian.u8(raw, main + 8), page);
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    /** Block data: [u32 low mask, u32 high mask] [u32 overflow point, u32 its spare pages]. */
    private static void updateMeta(WalRecord record, int flags, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int at = record.blockDataOffset(2);
        int end = RecordFields.dataEnd(record, 2);
        if ((flags & UPDATE_MASKS) != 0) {
            RecordFields.need(at, 8, end);
            LittleEndian.put32(page, HashPages.LOW_MASK, LittleEndian.i32(raw, at));
            LittleEndian.put32(page, HashPages.HIGH_MASK, LittleEndian.i32(raw, at + 4));
            at += 8;
        }
        if ((flags & UPDATE_SPLITPOINT) != 0) {
            RecordFields.need(at, 8, end);
            int point = LittleEndian.i32(raw, at);
            LittleEndian.put32(page, HashPages.spare(point), LittleEndian.i32(raw, at + 4));
            LittleEndian.put32(page, HashPages.OVERFLOW_POINT, point);
        }
    }

    /**
     * Main data: u16 old bucket's flags, u16 new bucket's. Block 0 is the old bucket, 1 the new.
     */
    static void complete(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        int main = RecordFields.main(record, 4);
        if (block > 1) {
            throw RecordFields.noSuchBlock(block);
        }
        HashPages.setFlags(page, LittleEndian.u16(record.raw(), main + 2 * block));
    }
}
