package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.v17.redo.Redo17;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;

/**
 * Records that say what they change by registering blocks. The record is filed under each of them;
 * where it brings an image that redo would take as it is, and has other blocks besides, the image
 * alone is filed, so that a record with the images of many pages is not stored once for each.
 */
final class BlockRecords {
    private final RecordScope scope;
    private final VisibilityRecords visibility;

    BlockRecords(RecordScope scope) {
        this.scope = scope;
        this.visibility = new VisibilityRecords(scope);
    }

    void ingest(WalRecord record) throws IOException {
        if (!changesPages(record)) {
            return;
        }
        putBlocks(record);
        visibility.ingest(record);
    }

    /**
     * False for the few that only inform hot standbys or logical decoding. A logical rewrite's
     * record carries a file for logical replication slots, which live and die with a compute.
     */
    private boolean changesPages(WalRecord record) throws IOException {
        boolean informs =
                switch (record.resourceManager()) {
                    case ResourceManager.RM_HEAP_ID -> record.rmgrInfo() == Operation.HEAP_TRUNCATE;
                    case ResourceManager.RM_HEAP2_ID ->
                            record.rmgrInfo() == Operation.HEAP2_REWRITE
                                    || record.rmgrInfo() == Operation.HEAP2_NEW_CID;
                    case ResourceManager.RM_BTREE_ID ->
                            record.rmgrInfo() == Operation.BTREE_REUSE_PAGE;
                    case ResourceManager.RM_GIST_ID ->
                            record.rmgrInfo() == Operation.GIST_PAGE_REUSE
                                    || record.rmgrInfo() == Operation.GIST_ASSIGN_LSN;
                    default -> false;
                };
        if (!informs && record.blockCount() == 0) {
            throw scope.refuse("unknown info: it changes no block");
        }
        return !informs;
    }

    /** Files the record under every block that it registers. */
    void putBlocks(WalRecord record) throws IOException {
        int stored = 0;
        boolean needsRedo = false;
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id) && record.blockFork(id) != Fork.FSM) {
                stored++;
                needsRedo |= !record.blockImageApplies(id);
            }
        }
        if (needsRedo && !Postgres17.INSTANCE.redoSupports(record)) {
            throw scope.refuse(
                    "redo of such a record is not supported, unless it brings page images");
        }
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id) && record.blockFork(id) != Fork.FSM) {
                scope.putBlock(
                        record.blockRelation(id),
                        record.blockFork(id),
                        record.blockNumber(id),
                        value(record, id, stored));
            }
        }
    }

    private static Value value(WalRecord record, int id, int stored) throws IOException {
        boolean image = record.blockImageApplies(id);
        if (image && stored > 1) {
            byte[] page = new byte[Page.SIZE];
            Redo17.restoreImage(record, id, page);
            return new Value.Image(page);
        }
        return new Value.Wal(record.raw(), image || record.blockWillInit(id));
    }

    /** {@code heapam_xlog.h}, {@code nbtxlog.h}, {@code gistxlog.h}. */
    private static final class Operation {
        static final int HEAP_TRUNCATE = 0x30;
        static final int HEAP2_REWRITE = 0x00;
        static final int HEAP2_NEW_CID = 0x70;
        static final int BTREE_REUSE_PAGE = 0xD0;
        static final int GIST_PAGE_REUSE = 0x20;
        static final int GIST_ASSIGN_LSN = 0x70;
    }
}
