package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.HeapTuple;

/** A sequence's only page: one heap tuple ({@code commands/sequence.h}). */
final class SequenceView implements KindView {
    @Override
    public String name(byte[] page, int block) {
        return "sequence";
    }

    @Override
    public void special(byte[] page, int at, Fields out) {
        out.u32("magic", at);
    }

    @Override
    public void item(byte[] page, int at, int length, Fields out) {
        int data = at + HeapTuple.dataOffset(page, at);
        out.u32("xmin", at).u32("xmax", at + 4);
        out.i64("last_value", data).i64("log_cnt", data + 8).flag("is_called", data + 16);
    }
}
