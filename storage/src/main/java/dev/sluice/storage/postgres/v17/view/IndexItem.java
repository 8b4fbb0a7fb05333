package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.IndexTuple;

/** An {@code IndexTupleData} ({@code access/itup.h}). */
final class IndexItem {
    private static final int HAS_NULLS = 0x8000;
    private static final int HAS_VARIABLE_WIDTH = 0x4000;

    private IndexItem() {}

    static void show(byte[] page, int at, int length, Fields out) {
        out.tid("tid", at);
        sizeAndData(page, at, length, out);
    }

    static void sizeAndData(byte[] page, int at, int length, Fields out) {
        int info = IndexTuple.info(page, at);
        out.put("size", (long) (info & IndexTuple.SIZE_MASK));
        if ((info & HAS_NULLS) != 0) {
            out.put("nulls", true);
        }
        if ((info & HAS_VARIABLE_WIDTH) != 0) {
            out.put("variable_width", true);
        }
        out.data(at + IndexTuple.HEADER_BYTES, length - IndexTuple.HEADER_BYTES);
    }
}
