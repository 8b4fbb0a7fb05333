package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import java.util.Map;

/** A BRIN index's page ({@code access/brin_page.h}, {@code brin_tuple.h}). */
final class BrinView implements KindView {
    private static final int META = 0xF091;
    private static final int REVMAP = 0xF092;
    private static final int OFFSET_MASK = 0x1F;

    private static final Map<Integer, String> FLAGS = Bits.of(0x0001, "EVACUATE_PAGE");
    private static final Map<Integer, String> INFO =
            Bits.of(0x80, "HAS_NULLS", 0x40, "PLACEHOLDER", 0x20, "EMPTY_RANGE");

    private static int type(byte[] page) {
        return LittleEndian.u16(page, Page.SIZE - 2);
    }

    @Override
    public String name(byte[] page, int block) {
        return switch (type(page)) {
            case META -> "brin meta";
            case REVMAP -> "brin revmap";
            default -> "brin regular";
        };
    }

    @Override
    public void special(byte[] page, int at, Fields out) {
        out.bits("flags", LittleEndian.u16(page, at + 4), FLAGS);
        out.hex("type", LittleEndian.u16(page, at + 6), 4);
    }

    @Override
    public void content(byte[] page, int block, Fields out) {
        int at = Page.HEADER_BYTES;
        switch (type(page)) {
            case META -> {
                out.hex("magic", LittleEndian.i32(page, at), 8).u32("version", at + 4);
                out.u32("pagesPerRange", at + 8).u32("lastRevmapPage", at + 12);
            }
            case REVMAP -> ranges(page, at, out);
            default -> {}
        }
    }

    /** Where the tuple of each summarised range is; ranges are counted from the page's first. */
    private static void ranges(byte[] page, int from, Fields out) {
        int count = (Page.special(page) - from) / IndexTuple.TID_BYTES;
        for (int i = 0; i < count; i++) {
            int at = from + IndexTuple.TID_BYTES * i;
            if (IndexTuple.offsetNumber(page, at) != 0) {
                out.tid("range " + i, at);
            }
        }
    }

    @Override
    public boolean hasItems(byte[] page) {
        return type(page) != META && type(page) != REVMAP;
    }

    @Override
    public void item(byte[] page, int at, int length, Fields out) {
        int info = LittleEndian.u8(page, at + 4);
        out.u32("heap_block", at).bits("info", info & ~OFFSET_MASK, INFO);
        int data = info & OFFSET_MASK;
        out.data(at + Math.min(data, length), length - data);
    }
}
