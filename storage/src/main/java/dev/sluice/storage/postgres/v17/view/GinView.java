package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import java.util.Map;

/** A GIN index's page ({@code access/ginblock.h}). */
final class GinView implements KindView {
    private static final int DATA = 0x01;
    private static final int LEAF = 0x02;
    private static final int DELETED = 0x04;
    private static final int META = 0x08;
    private static final int LIST = 0x10;
    private static final int COMPRESSED = 0x80;

    private static final Map<Integer, String> FLAGS =
            Bits.of(
                    DATA,
                    "DATA",
                    LEAF,
                    "LEAF",
                    DELETED,
                    "DELETED",
                    META,
                    "META",
                    LIST,
                    "LIST",
                    0x20,
                    "LIST_FULLROW",
                    0x40,
                    "INCOMPLETE_SPLIT",
                    COMPRESSED,
                    "COMPRESSED");

    /** After the right bound, a TID padded to eight bytes. */
    private static final int POSTING_AT = Page.HEADER_BYTES + 8;

    private static final int SEGMENT_HEADER = 8;
    private static final int POSTING_ITEM_BYTES = 10;

    private static int flags(byte[] page) {
        return LittleEndian.u16(page, Page.special(page) + 6);
    }

    @Override
    public String name(byte[] page, int block) {
        int flags = flags(page);
        if ((flags & META) != 0) {
            return "gin meta";
        }
        if ((flags & (DELETED | LIST)) != 0) {
            return (flags & DELETED) != 0 ? "gin deleted" : "gin pending list";
        }
        return ((flags & DATA) != 0 ? "gin posting tree " : "gin entry tree ")
                + ((flags & LEAF) != 0 ? "leaf" : "internal");
    }

    @Override
    public void special(byte[] page, int at, Fields out) {
        out.block("rightlink", at).u16("maxoff", at + 4);
        out.bits("flags", LittleEndian.u16(page, at + 6), FLAGS);
    }

    @Override
    public void content(byte[] page, int block, Fields out) {
        int flags = flags(page);
        int at = Page.HEADER_BYTES;
        if ((flags & META) != 0) {
            out.block("head", at).block("tail", at + 4).u32("tailFreeSize", at + 8);
            out.u32("nPendingPages", at + 12).i64("nPendingHeapTuples", at + 16);
            out.u32("nTotalPages", at + 24).u32("nEntryPages", at + 28);
            out.u32("nDataPages", at + 32).i64("nEntries", at + 40).u32("ginVersion", at + 48);
        } else if ((flags & DATA) != 0) {
            out.tid("right_bound", at);
            postings(page, flags, out);
        }
    }

    private static void postings(byte[] page, int flags, Fields out) {
        int end = Math.min(Page.lower(page), Page.special(page));
        if ((flags & LEAF) == 0) {
            out.put("children", (long) LittleEndian.u16(page, Page.special(page) + 4));
            out.put(
                    "bytes",
                    (long) LittleEndian.u16(page, Page.special(page) + 4) * POSTING_ITEM_BYTES);
        } else if ((flags & COMPRESSED) != 0) {
            long segments = 0;
            int at = POSTING_AT;
            if (at < end) {
                out.tid("first", at);
            }
            while (at + SEGMENT_HEADER <= end) {
                segments++;
                at += SEGMENT_HEADER + (LittleEndian.u16(page, at + IndexTuple.TID_BYTES) + 1 & ~1);
            }
            out.put("segments", segments).put("bytes", (long) (end - POSTING_AT));
        }
    }

    @Override
    public boolean hasItems(byte[] page) {
        return (flags(page) & (META | DATA | DELETED)) == 0;
    }

    @Override
    public void item(byte[] page, int at, int length, Fields out) {
        IndexItem.show(page, at, length, out);
    }
}
