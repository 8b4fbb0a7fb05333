package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.HeapTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.LinePointer;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.TransactionIds;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/**
 * Pruning and freezing of a heap page ({@code heap_xlog_prune_freeze}; {@code
 * heap_page_prune_execute} in {@code pruneheap.c}).
 *
 * <pre>
 *   main data    u8 reason, u8 flags, [u32 conflict horizon]
 *   block 0      [u16 plans, pad 2, plans × 12 bytes]
 *                [u16 redirected, redirected × (u16 from, u16 to)]
 *                [u16 dead, dead × u16] [u16 unused, unused × u16]
 *                u16 offset numbers of the frozen tuples, plan after plan
 *   plan         u32 xmax, u16 infomask2, u16 infomask, u8 flags, pad, u16 tuples
 * </pre>
 */
final class PruneRedo {
    private static final int CLEANUP_LOCK = 0x04;
    private static final int HAS_FREEZE_PLANS = 0x10;
    private static final int HAS_REDIRECTIONS = 0x20;
    private static final int HAS_DEAD_ITEMS = 0x40;
    private static final int HAS_NOW_UNUSED_ITEMS = 0x80;
    private static final int HAS_ITEMS = HAS_REDIRECTIONS | HAS_DEAD_ITEMS | HAS_NOW_UNUSED_ITEMS;

    private static final int FREEZE_XVAC = 0x02;
    private static final int INVALID_XVAC = 0x04;
    private static final int PLAN_BYTES = 12;

    private PruneRedo() {}

    static boolean redo(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int flags = LittleEndian.u8(raw, RecordFields.main(record, 2) + 1);
        int at = record.blockDataOffset(block);
        int end = RecordFields.dataEnd(record, block);
        int plans = 0;
        int plansAt = at;
        if ((flags & HAS_FREEZE_PLANS) != 0) {
            RecordFields.need(at, 4, end);
            plans = LittleEndian.u16(raw, at);
            plansAt = at + 4;
            RecordFields.need(plansAt, plans * PLAN_BYTES, end);
            at = plansAt + plans * PLAN_BYTES;
        }
        at = prune(raw, flags, at, end, page);
        if ((flags & HAS_ITEMS) != 0) {
            if ((flags & CLEANUP_LOCK) == 0) {
                Items.truncateLinePointers(page);
            } else {
                Items.repairFragmentation(page);
            }
        }
        for (int i = 0; i < plans; i++) {
            int plan = plansAt + i * PLAN_BYTES;
            int bytes = 2 * LittleEndian.u16(raw, plan + 10);
            RecordFields.need(at, bytes, end);
            freeze(raw, plan, at, at + bytes, page);
            at += bytes;
        }
        if (at != end) {
            throw new RedoException((end - at) + " bytes after the frozen tuples");
        }
        return true;
    }

    /** Sets line pointers; returns where the data goes on. */
    private static int prune(byte[] raw, int flags, int from, int end, byte[] page)
            throws RedoException, CorruptPageException {
        int at = from;
        if ((flags & HAS_REDIRECTIONS) != 0) {
            int stop = listEnd(raw, at, 4, end);
            for (at += 2; at < stop; at += 4) {
                int to = LittleEndian.u16(raw, at + 2);
                LinePointer.get(page, to);
                LinePointer.set(page, LittleEndian.u16(raw, at), LinePointer.redirect(to));
            }
        }
        if ((flags & HAS_DEAD_ITEMS) != 0) {
            int dead = LinePointer.of(LinePointer.DEAD, 0, 0);
            at = setAll(raw, at, end, page, dead);
        }
        if ((flags & HAS_NOW_UNUSED_ITEMS) != 0) {
            at = setAll(raw, at, end, page, 0);
        }
        return at;
    }

    private static int setAll(byte[] raw, int from, int end, byte[] page, int pointer)
            throws RedoException, CorruptPageException {
        int stop = listEnd(raw, from, 2, end);
        for (int at = from + 2; at < stop; at += 2) {
            LinePointer.set(page, LittleEndian.u16(raw, at), pointer);
        }
        return stop;
    }

    private static int listEnd(byte[] raw, int at, int entryBytes, int end) throws RedoException {
        RecordFields.need(at, 2, end);
        int bytes = 2 + LittleEndian.u16(raw, at) * entryBytes;
        RecordFields.need(at, bytes, end);
        return at + bytes;
    }

    /** {@code heap_execute_freeze_tuple} on the tuples whose offset numbers lie in a range. */
    private static void freeze(byte[] raw, int plan, int from, int to, byte[] page)
            throws CorruptPageException {
        int frozen = LittleEndian.u8(raw, plan + 8);
        for (int at = from; at < to; at += 2) {
            int tuple = Tuples.find(page, LittleEndian.u16(raw, at));
            HeapTuple.setXmax(page, tuple, LittleEndian.i32(raw, plan));
            if ((frozen & FREEZE_XVAC) != 0) {
                HeapTuple.setCommand(page, tuple, TransactionIds.FROZEN);
            }
            if ((frozen & INVALID_XVAC) != 0) {
                HeapTuple.setCommand(page, tuple, TransactionIds.INVALID);
            }
            HeapTuple.setInfomask2(page, tuple, LittleEndian.u16(raw, plan + 4));
            HeapTuple.setInfomask(page, tuple, LittleEndian.u16(raw, plan + 6));
        }
    }
}
