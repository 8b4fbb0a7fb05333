package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import java.util.Map;

/** A B-tree's page ({@code access/nbtree.h}). */
final class BtreeView implements KindView {
    private static final int LEAF = 0x0001;
    private static final int ROOT = 0x0002;
    private static final int DELETED = 0x0004;
    private static final int META = 0x0008;
    private static final int HALF_DEAD = 0x0010;

    private static final Map<Integer, String> FLAGS =
            Bits.of(
                    LEAF,
                    "LEAF",
                    ROOT,
                    "ROOT",
                    DELETED,
                    "DELETED",
                    META,
                    "META",
                    HALF_DEAD,
                    "HALF_DEAD",
                    0x0020,
                    "SPLIT_END",
                    0x0040,
                    "HAS_GARBAGE",
                    0x0080,
                    "INCOMPLETE_SPLIT",
                    0x0100,
                    "HAS_FULLXID");

    /** {@code INDEX_ALT_TID_MASK}: the TID's place holds a count and flags. */
    private static final int ALTERNATIVE_TID = 0x2000;

    private static final int POSTING = 0x2000;
    private static final int COUNT = 0x0FFF;
    private static final int TIDS_SHOWN = 4;

    private static int flags(byte[] page) {
        return LittleEndian.u16(page, Page.special(page) + 12);
    }

    @Override
    public String name(byte[] page, int block) {
        int flags = flags(page);
        if ((flags & META) != 0) {
            return "btree meta";
        }
        if ((flags & (DELETED | HALF_DEAD)) != 0) {
            return (flags & DELETED) != 0 ? "btree deleted" : "btree half-dead";
        }
        return "btree " + ((flags & LEAF) != 0 ? "leaf" : "internal");
    }

    @Override
    public void special(byte[] page, int at, Fields out) {
        out.u32("prev", at).u32("next", at + 4).u32("level", at + 8);
        out.bits("flags", LittleEndian.u16(page, at + 12), FLAGS).u16("cycleid", at + 14);
    }

    @Override
    public void content(byte[] page, int block, Fields out) {
        int flags = flags(page);
        int at = Page.HEADER_BYTES;
        if ((flags & META) != 0) {
            out.hex("magic", LittleEndian.i32(page, at), 6).u32("version", at + 4);
            out.u32("root", at + 8).u32("level", at + 12);
            out.u32("fastroot", at + 16).u32("fastlevel", at + 20);
            out.u32("last_cleanup_num_delpages", at + 24).flag("allequalimage", at + 40);
        } else if ((flags & DELETED) != 0) {
            out.i64("safexid", at);
        }
    }

    @Override
    public boolean hasItems(byte[] page) {
        return (flags(page) & (META | DELETED)) == 0;
    }

    @Override
    public void item(byte[] page, int at, int length, Fields out) {
        int count = IndexTuple.offsetNumber(page, at);
        if ((IndexTuple.info(page, at) & ALTERNATIVE_TID) == 0) {
            IndexItem.show(page, at, length, out);
        } else if ((count & POSTING) != 0) {
            posting(page, at, count & COUNT, out);
            IndexItem.sizeAndData(page, at, length, out);
        } else {
            out.put("downlink", Integer.toUnsignedLong(IndexTuple.block(page, at)));
            out.put("natts", (long) (count & COUNT));
            IndexItem.sizeAndData(page, at, length, out);
        }
    }

    /** The TIDs of a posting list begin where its block number says. */
    private static void posting(byte[] page, int at, int count, Fields out) {
        out.put("posting", (long) count);
        int tids = at + IndexTuple.block(page, at);
        for (int i = 0; i < Math.min(count, TIDS_SHOWN); i++) {
            out.tid("tid " + (i + 1), tids + IndexTuple.TID_BYTES * i);
        }
    }
}
