package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.HeapTuple;
import java.util.Map;

/** A table's page ({@code access/htup_details.h}). */
final class HeapView implements KindView {
    private static final int NATTS_MASK = 0x07FF;

    private static final Map<Integer, String> INFOMASK =
            Bits.of(
                    0x0001, "HASNULL",
                    0x0002, "HASVARWIDTH",
                    0x0004, "HASEXTERNAL",
                    0x0008, "HASOID_OLD",
                    0x0010, "XMAX_KEYSHR_LOCK",
                    0x0020, "COMBOCID",
                    0x0040, "XMAX_EXCL_LOCK",
                    0x0080, "XMAX_LOCK_ONLY",
                    0x0300, "XMIN_FROZEN",
                    0x0100, "XMIN_COMMITTED",
                    0x0200, "XMIN_INVALID",
                    0x0400, "XMAX_COMMITTED",
                    0x0800, "XMAX_INVALID",
                    0x1000, "XMAX_IS_MULTI",
                    0x2000, "UPDATED",
                    0x4000, "MOVED_OFF",
                    0x8000, "MOVED_IN");

    private static final Map<Integer, String> INFOMASK2 =
            Bits.of(0x2000, "KEYS_UPDATED", 0x4000, "HOT_UPDATED", 0x8000, "ONLY_TUPLE");

    @Override
    public String name(byte[] page, int block) {
        return "heap";
    }

    @Override
    public void item(byte[] page, int at, int length, Fields out) {
        out.u32("xmin", at).u32("xmax", at + 4).u32("command", at + 8).tid("ctid", at + 12);
        int infomask = HeapTuple.infomask(page, at);
        int infomask2 = HeapTuple.infomask2(page, at);
        out.put("natts", (long) (infomask2 & NATTS_MASK));
        out.bits("infomask", infomask, INFOMASK);
        out.bits("infomask2", infomask2 & ~NATTS_MASK, INFOMASK2);
        int hoff = HeapTuple.dataOffset(page, at);
        out.put("hoff", (long) hoff);
        out.data(at + Math.min(hoff, length), length - hoff);
    }
}
