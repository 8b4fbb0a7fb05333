package dev.sluice.storage.postgres.v17.mask;

import dev.sluice.storage.page.HeapTuple;
import dev.sluice.storage.page.LinePointer;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import java.util.Arrays;

/**
 * Zeroes what Postgres's own consistency check leaves out of a comparison ({@code bufmask.c}, and
 * {@code heap_mask}, {@code btree_mask} and so on of each manager).
 *
 * <p>One thing is stricter: of a visibility map page Postgres would compare nothing, because its
 * bits lie between {@code pd_lower} and {@code pd_upper}; here they are compared.
 */
public final class PageMask {
    private static final int BTREE_LEAF = 0x0001;
    private static final int BTREE_SPLIT_END = 0x0020;
    private static final int BTREE_HAS_GARBAGE = 0x0040;

    private static final int HASH_PAGE_TYPE = 0x000F;
    private static final int HASH_OVERFLOW = 0x0001;
    private static final int HASH_BUCKET = 0x0002;
    private static final int HASH_HAS_DEAD_TUPLES = 0x0080;

    private static final int GIN_DELETED = 0x0004;

    private static final int GIST_LEAF = 0x0001;
    private static final int GIST_TUPLES_DELETED = 0x0004;
    private static final int GIST_HAS_GARBAGE = 0x0010;
    private static final int GIST_FOLLOW_RIGHT = 0x0008;

    private static final int BRIN_REVMAP = 0xF092;
    private static final int BRIN_META = 0xF091;
    private static final int BRIN_EVACUATE = 0x0001;

    private static final int HEADER_HINTS = Page.PAGE_FULL | Page.HAS_FREE_LINES | Page.ALL_VISIBLE;

    private PageMask() {}

    /**
     * Masks a page in place.
     *
     * @param block its number, which speculative tuples' positions are set to
     */
    public static void mask(byte[] page, PageKind kind, int block) {
        Page.setLsn(page, 0);
        Page.setChecksum(page, 0);
        switch (kind) {
            case NEW -> {}
            case HEAP -> heap(page, block);
            case VISIBILITY_MAP, FREE_SPACE_MAP -> hints(page);
            case BTREE -> btree(page);
            case HASH -> hash(page);
            case GIN -> gin(page);
            case GIST -> gist(page);
            case SPGIST -> {
                hints(page);
                unusedSpace(page);
            }
            case BRIN -> brin(page);
            case SEQUENCE, OTHER -> unusedSpace(page);
        }
    }

    /** {@code mask_page_hint_bits}. */
    private static void hints(byte[] page) {
        Page.setPruneXid(page, 0);
        Page.clearFlag(page, HEADER_HINTS);
    }

    /** {@code mask_unused_space}; a page whose pointers are out of order is left as it is. */
    private static void unusedSpace(byte[] page) {
        int lower = Page.lower(page);
        int upper = Page.upper(page);
        if (lower >= Page.HEADER_BYTES && lower <= upper && upper <= Page.special(page)) {
            Arrays.fill(page, lower, Math.min(upper, Page.SIZE), (byte) 0);
        }
    }

    /** {@code mask_lp_flags}: index scans mark dead items without WAL. */
    private static void linePointerStates(byte[] page) {
        int count = Math.min(LinePointer.count(page), Page.SIZE / LinePointer.BYTES - 6);
        for (int i = 0; i < count; i++) {
            int at = Page.HEADER_BYTES + i * LinePointer.BYTES;
            int pointer = LittleEndian.i32(page, at);
            int unused =
                    LinePointer.of(
                            LinePointer.UNUSED,
                            LinePointer.offset(pointer),
                            LinePointer.length(pointer));
            LittleEndian.put32(page, at, unused);
        }
    }

    /** {@code mask_page_content}: of a deleted page nothing counts. */
    private static void content(byte[] page) {
        Arrays.fill(page, Page.HEADER_BYTES, Page.SIZE, (byte) 0);
        Page.setLower(page, 0);
        Page.setUpper(page, 0);
    }

    private static void heap(byte[] page, int block) {
        hints(page);
        unusedSpace(page);
        int count = Math.min(LinePointer.count(page), Page.SIZE / LinePointer.BYTES - 6);
        for (int i = 1; i <= count; i++) {
            int at = Page.HEADER_BYTES + (i - 1) * LinePointer.BYTES;
            int pointer = LittleEndian.i32(page, at);
            int offset = LinePointer.offset(pointer);
            int length = LinePointer.length(pointer);
            if (length == 0 || offset + LittleEndian.maxAlign(length) > Page.SIZE) {
                continue;
            }
            if (LinePointer.state(pointer) == LinePointer.NORMAL
                    && length >= HeapTuple.HEADER_BYTES) {
                heapTuple(page, offset, block, i);
            }
            int end = offset + length;
            Arrays.fill(page, end, LittleEndian.maxAlign(end), (byte) 0);
        }
    }

    private static void heapTuple(byte[] page, int tuple, int block, int offsetNumber) {
        int infomask = HeapTuple.infomask(page, tuple);
        int hints =
                HeapTuple.isXminFrozen(infomask)
                        ? HeapTuple.XMAX_INVALID | HeapTuple.XMAX_COMMITTED
                        : HeapTuple.XACT_MASK;
        HeapTuple.setInfomask(page, tuple, infomask & ~hints);
        HeapTuple.setCommand(page, tuple, 0);
        if (HeapTuple.isSpeculative(page, tuple)) {
            HeapTuple.setCtid(page, tuple, block, offsetNumber);
        }
    }

    private static void btree(byte[] page) {
        hints(page);
        unusedSpace(page);
        int flagsAt = Page.SIZE - 4;
        int flags = LittleEndian.u16(page, flagsAt);
        if ((flags & BTREE_LEAF) != 0) {
            linePointerStates(page);
        }
        LittleEndian.put16(page, flagsAt, flags & ~(BTREE_HAS_GARBAGE | BTREE_SPLIT_END));
        LittleEndian.put16(page, Page.SIZE - 2, 0);
    }

    private static void hash(byte[] page) {
        hints(page);
        unusedSpace(page);
        int flagsAt = Page.SIZE - 4;
        int flags = LittleEndian.u16(page, flagsAt);
        int type = flags & HASH_PAGE_TYPE;
        if (type == 0) {
            content(page);
            return;
        }
        if (type == HASH_BUCKET || type == HASH_OVERFLOW) {
            linePointerStates(page);
        }
        LittleEndian.put16(page, flagsAt, flags & ~HASH_HAS_DEAD_TUPLES);
    }

    private static void gin(byte[] page) {
        hints(page);
        if ((LittleEndian.u16(page, Page.SIZE - 2) & GIN_DELETED) != 0) {
            content(page);
        } else if (Page.lower(page) > Page.HEADER_BYTES) {
            unusedSpace(page);
        }
    }

    /**
     * Beside what {@code gist_mask} does, the flag that tuples were deleted: recovery of a DELETE
     * record sets it, {@code gistprunepage}, which writes the record, does not, and Postgres's own
     * check trips over that. Nothing reads the flag.
     */
    private static void gist(byte[] page) {
        hints(page);
        unusedSpace(page);
        LittleEndian.put64(page, Page.SIZE - 16, 0);
        int flagsAt = Page.SIZE - 4;
        int flags = LittleEndian.u16(page, flagsAt);
        if ((flags & GIST_LEAF) != 0) {
            linePointerStates(page);
        }
        int hints = GIST_HAS_GARBAGE | GIST_TUPLES_DELETED;
        LittleEndian.put16(page, flagsAt, (flags | GIST_FOLLOW_RIGHT) & ~hints);
    }

    private static void brin(byte[] page) {
        hints(page);
        int type = LittleEndian.u16(page, Page.SIZE - 2);
        boolean meta = type == BRIN_META;
        if (type != BRIN_REVMAP && (!meta || Page.lower(page) > Page.HEADER_BYTES)) {
            unusedSpace(page);
        }
        int flagsAt = Page.SIZE - 4;
        LittleEndian.put16(page, flagsAt, LittleEndian.u16(page, flagsAt) & ~BRIN_EVACUATE);
    }
}
