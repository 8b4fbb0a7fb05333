package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.storage.page.VisibilityMap;
import dev.sluice.storage.redo.change.VisibilityTruncate;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Relation forks made and cut ({@code smgr_redo} in {@code catalog/storage.c}). */
final class StorageRecords {
    private static final int CREATE = 0x10;
    private static final int TRUNCATE = 0x20;
    private static final int TRUNCATE_MAIN = 0x1;
    private static final int TRUNCATE_MAP = 0x2;

    private final RecordScope scope;

    StorageRecords(RecordScope scope) {
        this.scope = scope;
    }

    void ingest(WalRecord record) throws IOException {
        ByteBuffer main = RecordData.main(record);
        switch (record.rmgrInfo()) {
            case CREATE -> {
                RelFileLocator relation = RecordData.locator(main);
                int fork = main.getInt();
                if (fork < 0 || fork > Fork.INIT.number()) {
                    throw scope.refuse("there is no fork " + fork);
                }
                scope.createFork(relation, Fork.ofNumber(fork));
            }
            case TRUNCATE -> {
                int blocks = main.getInt();
                truncate(RecordData.locator(main), blocks, main.getInt());
            }
            default -> throw scope.refuse("unknown info");
        }
    }

    private void truncate(RelFileLocator relation, int blocks, int flags) throws IOException {
        if (blocks < 0) {
            throw scope.refuse("truncation to " + Integer.toUnsignedString(blocks) + " blocks");
        }
        scope.createFork(relation, Fork.MAIN);
        if ((flags & TRUNCATE_MAIN) != 0) {
            scope.truncateFork(relation, Fork.MAIN, blocks);
        }
        if ((flags & TRUNCATE_MAP) != 0) {
            truncateMap(relation, blocks);
        }
    }

    /** {@code visibilitymap_prepare_truncate} in {@code visibilitymap.c}. */
    private void truncateMap(RelFileLocator relation, int heapBlocks) throws IOException {
        int mapBlock = VisibilityMap.mapBlock(heapBlocks);
        boolean cutsInside = heapBlocks % VisibilityMap.HEAP_BLOCKS_PER_BLOCK != 0;
        if (cutsInside && mapBlock < scope.blocks(relation, Fork.VISIBILITY_MAP)) {
            scope.putBlock(
                    relation,
                    Fork.VISIBILITY_MAP,
                    mapBlock,
                    new VisibilityTruncate(heapBlocks).encode());
        }
        scope.truncateFork(relation, Fork.VISIBILITY_MAP, cutsInside ? mapBlock + 1 : mapBlock);
    }
}
