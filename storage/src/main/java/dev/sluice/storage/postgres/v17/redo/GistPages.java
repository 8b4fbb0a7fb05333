package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LinePointer;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;

/**
 * GiST pages ({@code access/gist.h}): the special area, {@code GISTPageOpaqueData}.
 *
 * <pre>
 *   special area   u64 NSN (as a page LSN: high half first), u32 right link, u16 flags, u16 page id
 * </pre>
 *
 * The NSN is the LSN at which the page was last split and its parent learned of it; until then the
 * page says that a scan must follow its right link.
 */
final class GistPages {
    static final int LEAF = 0x0001;
    static final int TUPLES_DELETED = 0x0004;
    static final int FOLLOW_RIGHT = 0x0008;
    static final int HAS_GARBAGE = 0x0010;

    /** {@code GIST_ROOT_BLKNO}. */
    static final int ROOT_BLOCK = 0;

    static final int NO_RIGHT_LINK = -1;

    private static final int DELETED = 0x0002;
    private static final int SPECIAL_BYTES = 16;
    private static final int RIGHT_LINK_AT = Page.SIZE - 8;
    private static final int FLAGS_AT = Page.SIZE - 4;
    private static final int PAGE_ID_AT = Page.SIZE - 2;
    private static final int PAGE_ID = 0xFF81;

    private GistPages() {}

    /** {@code gistinitpage}, with what a page that comes of a split knows besides. */
    static void init(byte[] page, int flags, int rightLink, long nsn) {
        Page.init(page, SPECIAL_BYTES);
        setNsn(page, nsn);
        LittleEndian.put32(page, RIGHT_LINK_AT, rightLink);
        LittleEndian.put16(page, FLAGS_AT, flags);
        LittleEndian.put16(page, PAGE_ID_AT, PAGE_ID);
    }

    private static void setNsn(byte[] page, long nsn) {
        LittleEndian.put32(page, Page.SIZE - SPECIAL_BYTES, (int) (nsn >>> 32));
        LittleEndian.put32(page, Page.SIZE - SPECIAL_BYTES + 4, (int) nsn);
    }

    static boolean isLeaf(byte[] page) throws CorruptPageException {
        Page.specialOf(page, SPECIAL_BYTES);
        return (LittleEndian.u16(page, FLAGS_AT) & LEAF) != 0;
    }

    static void changeFlags(byte[] page, int set, int clear) throws CorruptPageException {
        Page.specialOf(page, SPECIAL_BYTES);
        int flags = LittleEndian.u16(page, FLAGS_AT);
        LittleEndian.put16(page, FLAGS_AT, (flags | set) & ~clear);
    }

    /** The parent has a downlink to the page's new right neighbour now. */
    static void completeSplit(byte[] page, long lsn) throws CorruptPageException {
        changeFlags(page, 0, FOLLOW_RIGHT);
        setNsn(page, lsn);
    }

    /** {@code GistPageSetDeleted}: in place of tuples, when the page may be reused. */
    static void setDeleted(byte[] page, long deleteXid) throws CorruptPageException {
        changeFlags(page, DELETED, 0);
        LittleEndian.put64(page, Page.HEADER_BYTES, deleteXid);
        Page.setLower(page, Page.HEADER_BYTES + Long.BYTES);
    }

    /**
     * Adds tuples that lie one after the other, after the page's last.
     *
     * @return how many there were
     */
    static int append(byte[] page, byte[] source, int from, int end) throws CorruptPageException {
        int item = LinePointer.count(page);
        int count = 0;
        for (int at = from; at < end; count++) {
            int size = IndexTuple.checkedSize(source, at, end);
            IndexItems.insert(page, ++item, source, at, size);
            at += size;
        }
        return count;
    }
}
