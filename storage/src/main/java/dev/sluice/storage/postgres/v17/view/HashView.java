package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import java.util.Map;

/** A hash index's page ({@code access/hash.h}). */
final class HashView implements KindView {
    private static final int OVERFLOW = 0x0001;
    private static final int BUCKET = 0x0002;
    private static final int BITMAP = 0x0004;
    private static final int META = 0x0008;

    private static final Map<Integer, String> FLAGS =
            Bits.of(
                    OVERFLOW,
                    "OVERFLOW",
                    BUCKET,
                    "BUCKET",
                    BITMAP,
                    "BITMAP",
                    META,
                    "META",
                    0x0010,
                    "BUCKET_BEING_POPULATED",
                    0x0020,
                    "BUCKET_BEING_SPLIT",
                    0x0040,
                    "BUCKET_NEEDS_SPLIT_CLEANUP",
                    0x0080,
                    "HAS_DEAD_TUPLES");

    private static int flags(byte[] page) {
        return LittleEndian.u16(page, Page.special(page) + 12);
    }

    @Override
    public String name(byte[] page, int block) {
        int flags = flags(page);
        if ((flags & META) != 0) {
            return "hash meta";
        }
        if ((flags & BITMAP) != 0) {
            return "hash bitmap";
        }
        if ((flags & OVERFLOW) != 0) {
            return "hash overflow";
        }
        return (flags & BUCKET) != 0 ? "hash bucket" : "hash unused";
    }

    @Override
    public void special(byte[] page, int at, Fields out) {
        out.block("prev", at).block("next", at + 4).block("bucket", at + 8);
        out.bits("flags", LittleEndian.u16(page, at + 12), FLAGS);
        out.hex("page_id", LittleEndian.u16(page, at + 14), 4);
    }

    @Override
    public void content(byte[] page, int block, Fields out) {
        int at = Page.HEADER_BYTES;
        if ((flags(page) & META) != 0) {
            out.hex("magic", LittleEndian.i32(page, at), 8).u32("version", at + 4);
            out.f64("ntuples", at + 8).u16("ffactor", at + 16).u16("bsize", at + 18);
            out.u16("bmsize", at + 20).u16("bmshift", at + 22).u32("maxbucket", at + 24);
            out.u32("highmask", at + 28).u32("lowmask", at + 32).u32("ovflpoint", at + 36);
            out.u32("firstfree", at + 40).u32("nmaps", at + 44).u32("procid", at + 48);
        } else if ((flags(page) & BITMAP) != 0) {
            long used = 0;
            for (int i = at; i + 8 <= Page.special(page); i += 8) {
                used += Long.bitCount(LittleEndian.i64(page, i));
            }
            out.put("pages_in_use", used);
        }
    }

    @Override
    public boolean hasItems(byte[] page) {
        return (flags(page) & (META | BITMAP)) == 0;
    }

    @Override
    public void item(byte[] page, int at, int length, Fields out) {
        IndexItem.show(page, at, length, out);
    }
}
