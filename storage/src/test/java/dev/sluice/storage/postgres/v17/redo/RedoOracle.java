package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.page.VisibilityMap;
import dev.sluice.storage.postgres.v17.mask.PageComparison;
import dev.sluice.storage.postgres.v17.mask.PageDifference;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.storage.redo.change.PageChange;
import dev.sluice.storage.redo.change.VisibilityClear;
import dev.sluice.storage.redo.change.VisibilityTruncate;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Redoes recorded WAL page by page and compares each page with the image that Postgres put into the
 * record beside its data ({@code wal_consistency_checking}).
 */
final class RedoOracle {
    private static final int SMGR_TRUNCATE = 0x20;
    private static final int TRUNCATE_HEAP = 0x01;
    private static final int TRUNCATE_VM = 0x02;
    private static final int MAX_DIFFERENCES = 20;

    /** How often a record type was met, and what was checked. */
    static final class Count {
        int records;
        int redone;
        int images;
        int checked;
    }

    private final PageRedo redo;
    private final Map<Key, byte[]> pages;
    private final Map<String, Count> counts = new TreeMap<>();
    private final List<String> differences = new ArrayList<>();

    private RedoOracle(PageRedo redo, Map<Key, byte[]> pages) {
        this.redo = redo;
        this.pages = pages;
    }

    static RedoOracle run(RecordedCluster cluster, PageRedo redo) throws IOException {
        RedoOracle oracle = new RedoOracle(redo, cluster.before());
        cluster.replay(oracle::apply);
        return oracle;
    }

    Map<Key, byte[]> pages() {
        return pages;
    }

    Map<String, Count> counts() {
        return counts;
    }

    List<String> differences() {
        return differences;
    }

    String table() {
        StringBuilder table =
                new StringBuilder(
                        String.format(
                                Locale.ROOT,
                                "%-32s %8s %8s %8s %8s%n",
                                "record type",
                                "records",
                                "redone",
                                "images",
                                "checked"));
        counts.forEach((name, count) ->
                table.append(
                        String.format(
                                Locale.ROOT,
                                "%-32s %8d %8d %8d %8d%n",
                                name,
                                count.records,
                                count.redone,
                                count.images,
                                count.checked)));
        return table.toString();
    }

    private void apply(WalRecord record) throws IOException {
        if (record.resourceManager() == ResourceManager.RM_SMGR_ID
                && record.rmgrInfo() == SMGR_TRUNCATE) {
            truncate(record);
        }
        if (record.blockCount() == 0) {
            return;
        }
        Count count = counts.computeIfAbsent(RecordTypes.name(record), name -> new Count());
        count.records++;
        applyImplied(record);
        for (int block = 0; block < record.blockCount(); block++) {
            if (record.hasBlock(block)) {
                applyBlock(record, block, count);
            }
        }
    }

    private void applyBlock(WalRecord record, int block, Count count) throws IOException {
        Key key =
                Key.relationBlock(
                        record.blockRelation(block),
                        record.blockFork(block),
                        record.blockNumber(block));
        byte[] page = pages.computeIfAbsent(key, absent -> new byte[Page.SIZE]);
        boolean image = record.blockImageApplies(block);
        Value.Wal change = new Value.Wal(record.raw(), image || record.blockWillInit(block));
        try {
            redo.apply(key, page, change, record.end());
        } catch (RedoException e) {
            differ(String.valueOf(e.getMessage()));
            return;
        }
        if (image) {
            count.images++;
            return;
        }
        count.redone++;
        if (record.blockHasImage(block)) {
            byte[] expected = new byte[Page.SIZE];
            record.restoreImage(block, expected);
            count.checked++;
            check(record, block, key, expected, page);
        }
    }

    private void check(WalRecord record, int block, Key key, byte[] expected, byte[] page) {
        PageDifference difference =
                PageComparison.afterRedo(expected, page, record.blockFork(block), key.block());
        if (difference != null) {
            differ(
                    RecordTypes.describe(record)
                            + " block "
                            + block
                            + " "
                            + key
                            + ": "
                            + difference);
            System.arraycopy(expected, 0, page, 0, Page.SIZE);
        }
    }

    private void differ(String what) {
        if (differences.size() < MAX_DIFFERENCES) {
            differences.add(what);
        }
    }

    /** Visibility map bits that a heap record clears on a page it does not register. */
    private void applyImplied(WalRecord record) throws RedoException {
        int flagsAt = impliedFlagsAt(record);
        if (flagsAt < 0) {
            return;
        }
        int operation = record.rmgrInfo() & HeapRedo.OPERATION_MASK;
        boolean heap = record.resourceManager() == ResourceManager.RM_HEAP_ID;
        boolean update = heap && (operation == 0x20 || operation == 0x40);
        int flags = LittleEndian.u8(record.raw(), record.mainOffset() + flagsAt);
        int firstMap = update ? 2 : 1;
        if (record.hasBlock(firstMap) || (update && record.hasBlock(3))) {
            return;
        }
        boolean lock = operation == 0x60;
        int bits = lock ? VisibilityMap.ALL_FROZEN : VisibilityMap.VALID_BITS;
        if ((flags & 1) != 0) {
            clear(record, update && record.hasBlock(1) ? 1 : 0, bits);
        }
        if (update && (flags & 2) != 0) {
            clear(record, 0, bits);
        }
    }

    private static int impliedFlagsAt(WalRecord record) {
        int operation = record.rmgrInfo() & HeapRedo.OPERATION_MASK;
        return switch (record.resourceManager()) {
            case ResourceManager.RM_HEAP_ID ->
                    switch (operation) {
                        case 0x00 -> 2;
                        case 0x10, 0x20, 0x40, 0x60 -> 7;
                        default -> -1;
                    };
            case ResourceManager.RM_HEAP2_ID ->
                    switch (operation) {
                        case 0x50 -> 0;
                        case 0x60 -> 7;
                        default -> -1;
                    };
            default -> -1;
        };
    }

    private void clear(WalRecord record, int heap, int bits) throws RedoException {
        int heapBlock = record.blockNumber(heap);
        RelFileLocator relation = record.blockRelation(heap);
        int mapBlock = VisibilityMap.mapBlock(heapBlock);
        change(
                Key.relationBlock(relation, Fork.VISIBILITY_MAP, mapBlock),
                new VisibilityClear(bits, new int[] {heapBlock}),
                record);
    }

    private void change(Key key, PageChange change, WalRecord record) throws RedoException {
        byte[] page = pages.get(key);
        if (page != null) {
            redo.apply(key, page, change.encode(), record.end());
        }
    }

    /** {@code xl_smgr_truncate}: u32 blocks, the relation, u32 flags. */
    private void truncate(WalRecord record) throws RedoException {
        byte[] raw = record.raw();
        int main = record.mainOffset();
        int blocks = LittleEndian.i32(raw, main);
        RelFileLocator relation =
                new RelFileLocator(
                        LittleEndian.i32(raw, main + 4),
                        LittleEndian.i32(raw, main + 8),
                        LittleEndian.i32(raw, main + 12));
        int flags = LittleEndian.i32(raw, main + 16);
        int mapBlock = VisibilityMap.mapBlock(blocks);
        boolean midPage = blocks % VisibilityMap.HEAP_BLOCKS_PER_BLOCK != 0;
        if ((flags & TRUNCATE_HEAP) != 0) {
            remove(relation, Fork.MAIN, blocks);
        }
        if ((flags & TRUNCATE_VM) != 0) {
            if (midPage) {
                Key key = Key.relationBlock(relation, Fork.VISIBILITY_MAP, mapBlock);
                change(key, new VisibilityTruncate(blocks), record);
            }
            remove(relation, Fork.VISIBILITY_MAP, midPage ? mapBlock + 1 : mapBlock);
        }
    }

    private void remove(RelFileLocator relation, Fork fork, int from) {
        pages.keySet()
                .removeIf(key ->
                        key.relation() == relation.relation()
                                && key.database() == relation.database()
                                && key.fork() == fork.number()
                                && key.block() >= from);
    }
}
