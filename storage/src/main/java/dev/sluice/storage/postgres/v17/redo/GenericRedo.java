package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;
import java.util.Arrays;

/**
 * {@code generic_redo} in {@code generic_xlog.c}: changes of extensions' pages, as the bytes that
 * changed. Block data: runs of u16 offset in the page, u16 length, and as many bytes.
 */
final class GenericRedo implements ManagerRedo {
    private static final int INFO = 0x00;
    private static final int RUN_HEADER_BYTES = 4;

    @Override
    public boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        if (record.rmgrInfo() != INFO) {
            throw RecordFields.unknown(record);
        }
        byte[] raw = record.raw();
        int at = RecordFields.data(record, block, 0);
        int end = RecordFields.dataEnd(record, block);
        while (at < end) {
            RecordFields.need(at, RUN_HEADER_BYTES, end);
            int offset = LittleEndian.u16(raw, at);
            int length = LittleEndian.u16(raw, at + 2);
            at += RUN_HEADER_BYTES;
            RecordFields.need(at, length, end);
            if (offset + length > Page.SIZE) {
                throw new RedoException(
                        length + " bytes at " + offset + " of the page, outside of it");
            }
            System.arraycopy(raw, at, page, offset, length);
            at += length;
        }
        clearHole(page);
        return true;
    }

    /** The record says nothing about what lies between lower and upper: it is zero. */
    private static void clearHole(byte[] page) throws CorruptPageException {
        int lower = Page.lower(page);
        int upper = Page.upper(page);
        if (lower > upper || upper > Page.SIZE) {
            throw new CorruptPageException(
                    "corrupted page pointers: lower = " + lower + ", upper = " + upper);
        }
        Arrays.fill(page, lower, upper, (byte) 0);
    }
}
