package dev.sluice.storage.postgres.v17.redo;

import static dev.sluice.storage.page.LittleEndian.i32;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** GIN's pending list: pages of tuples that wait to be put into the entry tree. */
final class GinPendingRedo {
    /**
     * {@code ginxlogUpdateMeta}: relation (12 bytes), pad, meta page at 16, u32 previous tail at
     * 72, u32 its right link, u32 tuples.
     */
    private static final int UPDATE_META_BYTES = 84;

    private static final int METADATA_AT = 16;
    private static final int PREVIOUS_TAIL_AT = 72;

    private GinPendingRedo() {}

    /**
     * {@code ginRedoUpdateMetapage}. Block 0: the meta page, made anew; block 1: the list's last
     * page, which gets the tuples of its data, or a right link to the next sublist.
     */
    static void updateMeta(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        byte[] raw = record.raw();
        int main = RecordFields.main(record, UPDATE_META_BYTES);
        int tuples = i32(raw, main + PREVIOUS_TAIL_AT + 8);
        switch (block) {
            case 0 -> {
                RecordFields.init(record, block, true);
                GinPages.initMeta(page, raw, main + METADATA_AT);
            }
            case 1 -> {
                if (tuples > 0) {
                    int data = RecordFields.data(record, block, 0);
                    int end = RecordFields.dataEnd(record, block);
                    GinPages.append(page, raw, data, end, tuples);
                    GinPages.setMaxOffset(page, GinPages.maxOffset(page) + 1);
                } else {
                    GinPages.setRightLink(page, i32(raw, main + PREVIOUS_TAIL_AT + 4));
                }
            }
            default -> throw RecordFields.noSuchBlock(block);
        }
    }

    /**
     * {@code ginRedoInsertListPage}. Block 0: the page, made anew, its data the tuples. Main data:
     * u32 right link, u32 tuples.
     */
    static void insertPage(WalRecord record, int block, byte[] page)
            throws RedoException, CorruptPageException {
        RecordFields.onlyBlock(block, 0);
        RecordFields.init(record, block, true);
        byte[] raw = record.raw();
        int main = RecordFields.main(record, 8);
        int rightLink = i32(raw, main);
        boolean tail = rightLink == GinPages.NO_BLOCK;
        GinPages.init(page, GinPages.LIST | (tail ? GinPages.LIST_FULL_ROW : 0));
        GinPages.setRightLink(page, rightLink);
        GinPages.setMaxOffset(page, tail ? 1 : 0);
        int data = RecordFields.data(record, block, 0);
        int end = RecordFields.dataEnd(record, block);
        GinPages.append(page, raw, data, end, i32(raw, main + 4));
    }

    /**
     * {@code ginRedoDeleteListPages}. Block 0: the meta page, made anew; the others: deleted pages,
     * made anew. Main data: meta page, u32 pages deleted.
     */
    static void deletePages(WalRecord record, int block, byte[] page) throws RedoException {
        RecordFields.init(record, block, true);
        int main = RecordFields.main(record, GinPages.META_BYTES + 4);
        if (block == 0) {
            GinPages.initMeta(page, record.raw(), main);
        } else if (block <= i32(record.raw(), main + GinPages.META_BYTES)) {
            GinPages.init(page, GinPages.DELETED);
        } else {
            throw RecordFields.noSuchBlock(block);
        }
    }
}
