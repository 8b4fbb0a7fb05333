package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;

/**
 * BRIN pages ({@code access/brin_page.h}). The special area ends with u16 flags and u16 page type;
 * a page of the range map is an array of six-byte positions from the header to there.
 */
final class BrinPages {
    static final int REVMAP = 0xF092;
    static final int REGULAR = 0xF093;

    private static final int META = 0xF091;
    private static final int SPECIAL_BYTES = 8;
    private static final int META_MAGIC = 0xA8109CFA;
    private static final int LAST_REVMAP_PAGE_AT = Page.HEADER_BYTES + 12;

    /** {@code sizeof(BrinMetaPageData)}: u32 magic, version, pages per range, last map page. */
    private static final int META_BYTES = 16;

    /** {@code REVMAP_PAGE_MAXITEMS}. */
    private static final int RANGES_PER_PAGE =
            (Page.SIZE - Page.HEADER_BYTES - SPECIAL_BYTES) / IndexTuple.TID_BYTES;

    private static final int INVALID_BLOCK = -1;

    private BrinPages() {}

    /** {@code brin_page_init}. */
    static void init(byte[] page, int type) {
        Page.init(page, SPECIAL_BYTES);
        LittleEndian.put16(page, Page.SIZE - 2, type);
    }

    /** {@code brin_metapage_init}: 0 as the last page of the range map means none yet. */
    static void initMeta(byte[] page, int version, int pagesPerRange) {
        init(page, META);
        LittleEndian.put32(page, Page.HEADER_BYTES, META_MAGIC);
        LittleEndian.put32(page, Page.HEADER_BYTES + 4, version);
        LittleEndian.put32(page, Page.HEADER_BYTES + 8, pagesPerRange);
        Page.setLower(page, Page.HEADER_BYTES + META_BYTES);
    }

    static void setLastRevmapPage(byte[] page, int block) throws CorruptPageException {
        checkType(page, META);
        LittleEndian.put32(page, LAST_REVMAP_PAGE_AT, block);
        Page.setLower(page, Page.HEADER_BYTES + META_BYTES);
    }

    /** {@code brinSetHeapBlockItemptr}: where the summary of a heap block's range is. */
    static void setRange(
            byte[] page, int pagesPerRange, int heapBlock, int tupleBlock, int offsetNumber)
            throws RedoException, CorruptPageException {
        checkType(page, REVMAP);
        if (pagesPerRange == 0) {
            throw new RedoException("ranges of no pages");
        }
        int range = Integer.divideUnsigned(heapBlock, pagesPerRange);
        int index = Integer.remainderUnsigned(range, RANGES_PER_PAGE);
        int at = Page.HEADER_BYTES + index * IndexTuple.TID_BYTES;
        IndexTuple.setBlock(page, at, tupleBlock);
        IndexTuple.setOffsetNumber(page, at, offsetNumber);
    }

    /** The range has no summary any more. */
    static void clearRange(byte[] page, int pagesPerRange, int heapBlock)
            throws RedoException, CorruptPageException {
        setRange(page, pagesPerRange, heapBlock, INVALID_BLOCK, 0);
    }

    private static void checkType(byte[] page, int type) throws CorruptPageException {
        Page.specialOf(page, SPECIAL_BYTES);
        int found = LittleEndian.u16(page, Page.SIZE - 2);
        if (found != type) {
            throw new CorruptPageException(
                    "page type 0x"
                            + Integer.toHexString(found)
                            + " where 0x"
                            + Integer.toHexString(type)
                            + " is needed");
        }
    }
}
