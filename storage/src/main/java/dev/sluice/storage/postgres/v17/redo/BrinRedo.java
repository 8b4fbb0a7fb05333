package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.Items.Placement;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** {@code brin_redo} in {@code brin_xlog.c}. */
final class BrinRedo implements ManagerRedo {
    /** {@code XLOG_BRIN_INIT_PAGE}: with an insert or update, the page holds only this tuple. */
    static final int INIT_PAGE = 0x80;

    private static final int CREATE_INDEX = 0x00;
    private static final int INSERT = 0x10;
    private static final int UPDATE = 0x20;
    private static final int SAMEPAGE_UPDATE = 0x30;
    private static final int REVMAP_EXTEND = 0x40;
    private static final int DESUMMARIZE = 0x50;

    /** {@code SizeOfBrinInsert}: u32 heap block, u32 pages per range, u16 offset number. */
    private static final int INSERT_BYTES = 10;

    /** Where an update's part that is as an insert's begins: u16 old offset number, pad. */
    private static final int UPDATE_INSERT_AT = 4;

    @Override
    public boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        boolean init = (record.rmgrInfo() & INIT_PAGE) != 0;
        switch (record.rmgrInfo() & ~INIT_PAGE) {
            case CREATE_INDEX -> createIndex(record, block, page);
            case INSERT -> {
                int main = RecordFields.main(record, INSERT_BYTES);
                insert(record, main, block, page, init);
            }
            case UPDATE -> update(record, block, page, init);
            case SAMEPAGE_UPDATE -> {
                RecordFields.onlyBlock(block, 0);
                int offsetNumber = LittleEndian.u16(record.raw(), RecordFields.main(record, 2));
                int data = RecordFields.data(record, block, 1);
                int length = record.blockDataLength(block);
                IndexItems.overwrite(page, offsetNumber, record.raw(), data, length);
            }
            case REVMAP_EXTEND -> extendRevmap(record, block, page);
            case DESUMMARIZE -> desummarize(record, block, page);
            default -> throw RecordFields.unknown(record);
        }
        return true;
    }

    /** Block 0: the meta page. Main data: u32 pages per range, u16 version. */
    private static void createIndex(WalRecord record, int block, byte[] page) throws RedoException {
        RecordFields.onlyBlock(block, 0);
        RecordFields.init(record, block, true);
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 6);
        BrinPages.initMeta(page, LittleEndian.u16(raw, main + 4), LittleEndian.i32(raw, main));
    }

    /**
     * {@code brin_xlog_insert_update}. Block 0: the page, its data the tuple; block 1: the page of
     * the range map that is to point at it.
     */
    private static void insert(WalRecord record, int main, int block, byte[] page, boolean init)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int offsetNumber = LittleEndian.u16(raw, main + 8);
        switch (block) {
            case 0 -> {
                if (RecordFields.init(record, block, init)) {
                    BrinPages.init(page, BrinPages.REGULAR);
                }
                int data = RecordFields.data(record, block, 1);
                int length = record.blockDataLength(block);
                Items.add(page, offsetNumber, raw, data, length, Placement.OVERWRITE);
            }
            case 1 -> {
                int heapBlock = LittleEndian.i32(raw, main);
                int pagesPerRange = LittleEndian.i32(raw, main + 4);
                int tupleBlock = record.blockNumber(0);
                BrinPages.setRange(page, pagesPerRange, heapBlock, tupleBlock, offsetNumber);
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    /** As an insert, and block 2: the page that loses the old tuple. */
    private static void update(WalRecord record, int block, byte[] page, boolean init)
            throws RedoException, CorruptPageException {
        int main = RecordFields.main(record, UPDATE_INSERT_AT + INSERT_BYTES);
        if (block == 2) {
            IndexItems.deleteKeepingPointer(page, LittleEndian.u16(record.raw(), main));
        } else {
            insert(record, main + UPDATE_INSERT_AT, block, page, init);
        }
    }

    /** Block 0: the meta page; block 1: the new page of the range map. Main data: u32 its block. */
    private static void extendRevmap(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        switch (block) {
            case 0 -> {
                int main = RecordFields.main(record, 4);
                BrinPages.setLastRevmapPage(page, LittleEndian.i32(record.raw(), main));
            }
            case 1 -> {
                RecordFields.init(record, block, true);
                BrinPages.init(page, BrinPages.REVMAP);
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    /**
     * Block 0: the range map's page; block 1: the page that loses the tuple. Main data: u32 pages
     * per range, u32 heap block, u16 the tuple's offset number.
     */
    private static void desummarize(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, INSERT_BYTES);
        switch (block) {
            case 0 -> {
                int pagesPerRange = LittleEndian.i32(raw, main);
                BrinPages.clearRange(page, pagesPerRange, LittleEndian.i32(raw, main + 4));
            }
            case 1 -> IndexItems.deleteKeepingPointer(page, LittleEndian.u16(raw, main + 8));
            default -> throw RecordFields.noSuchBlock(block);
        }
    }
}
