package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.wire.Lsn;
import java.util.Map;

/** A GiST index's page ({@code access/gist.h}). */
final class GistView implements KindView {
    private static final int LEAF = 0x0001;
    private static final int DELETED = 0x0002;

    private static final Map<Integer, String> FLAGS =
            Bits.of(
                    LEAF,
                    "LEAF",
                    DELETED,
                    "DELETED",
                    0x0004,
                    "TUPLES_DELETED",
                    0x0008,
                    "FOLLOW_RIGHT",
                    0x0010,
                    "HAS_GARBAGE");

    private static int flags(byte[] page) {
        return LittleEndian.u16(page, Page.special(page) + 12);
    }

    @Override
    public String name(byte[] page, int block) {
        int flags = flags(page);
        if ((flags & DELETED) != 0) {
            return "gist deleted";
        }
        return (flags & LEAF) != 0 ? "gist leaf" : "gist internal";
    }

    @Override
    public void special(byte[] page, int at, Fields out) {
        long high = Integer.toUnsignedLong(LittleEndian.i32(page, at));
        long low = Integer.toUnsignedLong(LittleEndian.i32(page, at + 4));
        out.put("nsn", new Lsn(high << 32 | low).toString()).block("rightlink", at + 8);
        out.bits("flags", LittleEndian.u16(page, at + 12), FLAGS);
        out.hex("page_id", LittleEndian.u16(page, at + 14), 4);
    }

    @Override
    public boolean hasItems(byte[] page) {
        return (flags(page) & DELETED) == 0;
    }

    @Override
    public void item(byte[] page, int at, int length, Fields out) {
        IndexItem.show(page, at, length, out);
    }
}
