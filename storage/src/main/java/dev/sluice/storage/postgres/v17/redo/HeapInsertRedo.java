package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.HeapTuple;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** Insertion of one heap tuple or of many ({@code heap_xlog_insert}, {@code _multi_insert}). */
final class HeapInsertRedo {
    private static final int ALL_VISIBLE_CLEARED = 0x01;
    private static final int ALL_FROZEN_SET = 0x20;

    /** {@code SizeOfHeapHeader}: u16 infomask2, u16 infomask, u8 hoff. */
    static final int TUPLE_HEADER_BYTES = 5;

    /** {@code SizeOfMultiInsertTuple}: u16 data length, then as above. */
    private static final int MULTI_TUPLE_HEADER_BYTES = 7;

    private HeapInsertRedo() {}

    /** Main data: u16 offset number, u8 flags. Block data: tuple header, tuple. */
    static boolean insert(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 3);
        int data = RecordFields.data(record, block, TUPLE_HEADER_BYTES + 1);
        initialize(record, block, page);
        int length = record.blockDataLength(block) - TUPLE_HEADER_BYTES;
        int tuple =
                Tuples.add(
                        page,
                        record.blockNumber(block),
                        LittleEndian.u16(raw, main),
                        length,
                        record.xid(),
                        LittleEndian.u16(raw, data),
                        LittleEndian.u16(raw, data + 2),
                        LittleEndian.u8(raw, data + 4));
        System.arraycopy(
                raw, data + TUPLE_HEADER_BYTES, page, tuple + HeapTuple.HEADER_BYTES, length);
        if ((LittleEndian.u8(raw, main + 2) & ALL_VISIBLE_CLEARED) != 0) {
            Page.clearFlag(page, Page.ALL_VISIBLE);
        }
        return true;
    }

    /**
     * Main data: u8 flags, pad, u16 tuples, then each one's u16 offset number unless the page is
     * initialised, when they count from 1. Block data: per tuple, aligned to 2, header and tuple.
     */
    static boolean multiInsert(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 4);
        int flags = LittleEndian.u8(raw, main);
        int count = LittleEndian.u16(raw, main + 2);
        boolean init = initialize(record, block, page);
        if (!init) {
            RecordFields.main(record, 4 + 2 * count);
        }
        int start = record.blockDataOffset(block);
        int end = RecordFields.dataEnd(record, block);
        int at = start;
        for (int i = 0; i < count; i++) {
            int offsetNumber = init ? i + 1 : LittleEndian.u16(raw, main + 4 + 2 * i);
            at += (at - start) & 1;
            RecordFields.need(at, MULTI_TUPLE_HEADER_BYTES, end);
            int length = LittleEndian.u16(raw, at);
            int from = at + MULTI_TUPLE_HEADER_BYTES;
            RecordFields.need(from, length, end);
            int tuple =
                    Tuples.add(
                            page,
                            record.blockNumber(block),
                            offsetNumber,
                            length,
                            record.xid(),
                            LittleEndian.u16(raw, at + 2),
                            LittleEndian.u16(raw, at + 4),
                            LittleEndian.u8(raw, at + 6));
            System.arraycopy(raw, from, page, tuple + HeapTuple.HEADER_BYTES, length);
            at = from + length;
        }
        if (at != end) {
            throw new RedoException((end - at) + " bytes after the last tuple");
        }
        setVisible(page, flags);
        return true;
    }

    private static void setVisible(byte[] page, int flags) {
        if ((flags & ALL_VISIBLE_CLEARED) != 0) {
            Page.clearFlag(page, Page.ALL_VISIBLE);
        }
        if ((flags & ALL_FROZEN_SET) != 0) {
            Page.setFlag(page, Page.ALL_VISIBLE);
        }
    }

    /** Makes the page new if the record says so; the same must be said of its block. */
    static boolean initialize(WalRecord record, int block, byte[] page) throws RedoException {
        boolean init = (record.rmgrInfo() & HeapRedo.INIT_PAGE) != 0;
        if (init != record.blockWillInit(block)) {
            throw new RedoException("record and block disagree on whether the page is initialized");
        }
        if (init) {
            Page.init(page, 0);
        }
        return init;
    }
}
