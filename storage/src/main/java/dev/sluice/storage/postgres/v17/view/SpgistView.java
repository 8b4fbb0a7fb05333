package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import java.util.List;
import java.util.Map;

/** An SP-GiST index's page ({@code access/spgist_private.h}). */
final class SpgistView implements KindView {
    private static final int META = 0x0001;
    private static final int DELETED = 0x0002;
    private static final int LEAF = 0x0004;
    private static final int NULLS = 0x0008;

    private static final Map<Integer, String> FLAGS =
            Bits.of(META, "META", DELETED, "DELETED", LEAF, "LEAF", NULLS, "NULLS");

    private static final List<String> STATES = List.of("live", "redirect", "dead", "placeholder");
    private static final int REDIRECT = 1;
    private static final int NEXT_OFFSET = 0x3FFF;

    private static int flags(byte[] page) {
        return LittleEndian.u16(page, Page.special(page));
    }

    @Override
    public String name(byte[] page, int block) {
        int flags = flags(page);
        if ((flags & META) != 0) {
            return "spgist meta";
        }
        return (flags & LEAF) != 0 ? "spgist leaf" : "spgist inner";
    }

    @Override
    public void special(byte[] page, int at, Fields out) {
        out.bits("flags", LittleEndian.u16(page, at), FLAGS).u16("nRedirection", at + 2);
        out.u16("nPlaceholder", at + 4).hex("page_id", LittleEndian.u16(page, at + 6), 4);
    }

    @Override
    public void content(byte[] page, int block, Fields out) {
        if ((flags(page) & META) != 0) {
            out.hex("magic", LittleEndian.i32(page, Page.HEADER_BYTES), 8);
        }
    }

    @Override
    public boolean hasItems(byte[] page) {
        return (flags(page) & META) == 0;
    }

    @Override
    public void item(byte[] page, int at, int length, Fields out) {
        int bits = LittleEndian.i32(page, at);
        int state = bits & 3;
        out.put("state", STATES.get(state));
        if (state != 0) {
            if (state == REDIRECT) {
                out.tid("pointer", at + 6).u32("xid", at + 12);
            }
        } else if ((flags(page) & LEAF) != 0) {
            out.put("size", (long) (bits >>> 2));
            out.put("next", (long) (LittleEndian.u16(page, at + 4) & NEXT_OFFSET));
            out.tid("tid", at + 6).data(at + 12, length - 12);
        } else {
            out.put("all_the_same", (bits >>> 2 & 1) != 0);
            out.put("nodes", (long) (bits >>> 3 & 0x1FFF)).put("prefix", (long) (bits >>> 16));
            out.u16("size", at + 4).data(at + 8, length - 8);
        }
    }
}
