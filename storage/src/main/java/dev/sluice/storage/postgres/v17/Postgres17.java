package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.WalIngest;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.postgres.CheckPoint;
import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.storage.postgres.PageView;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.RecordDescriber;
import dev.sluice.storage.postgres.RelationCatalog;
import dev.sluice.storage.postgres.StoredState;
import dev.sluice.storage.postgres.v17.catalog.Catalog17;
import dev.sluice.storage.postgres.v17.describe.Describer17;
import dev.sluice.storage.postgres.v17.mask.PageComparison;
import dev.sluice.storage.postgres.v17.mask.PageDifference;
import dev.sluice.storage.postgres.v17.redo.RecordTypes;
import dev.sluice.storage.postgres.v17.redo.Redo17;
import dev.sluice.storage.postgres.v17.view.PageViewer;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.time.ZoneId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Postgres 17. */
public final class Postgres17 implements PostgresMajor {
    public static final int NUMBER = 17;
    public static final Postgres17 INSTANCE = new Postgres17();

    private static final List<String> DIRECTORIES =
            List.of(
                    "global",
                    "base",
                    "pg_wal",
                    "pg_wal/archive_status",
                    "pg_wal/summaries",
                    "pg_commit_ts",
                    "pg_dynshmem",
                    "pg_logical",
                    "pg_logical/mappings",
                    "pg_logical/snapshots",
                    "pg_multixact",
                    "pg_multixact/members",
                    "pg_multixact/offsets",
                    "pg_notify",
                    "pg_replslot",
                    "pg_serial",
                    "pg_snapshots",
                    "pg_stat",
                    "pg_stat_tmp",
                    "pg_subtrans",
                    "pg_tblspc",
                    "pg_twophase",
                    "pg_xact");

    private static final int BTREE_LAST = 0xE0;
    private static final int HASH_LAST = 0xC0;
    private static final int GIN_FIRST = 0x10;
    private static final int GIN_LAST = 0x90;
    private static final int GIST_PAGE_UPDATE = 0x00;
    private static final int GIST_DELETE = 0x10;
    private static final int GIST_PAGE_SPLIT = 0x30;
    private static final int GIST_PAGE_DELETE = 0x60;
    private static final int SEQUENCE_LOG = 0x00;
    private static final int SPGIST_FIRST = 0x10;
    private static final int SPGIST_LAST = 0x80;
    private static final int BRIN_OPERATION = 0x70;
    private static final int BRIN_LAST = 0x50;

    private final PageRedo redo = new Redo17();

    private Postgres17() {}

    @Override
    public int number() {
        return NUMBER;
    }

    @Override
    public PageRedo redo() {
        return redo;
    }

    @Override
    public boolean redoSupports(WalRecord record) {
        return switch (record.resourceManager()) {
            // All of their codes are in use.
            case ResourceManager.RM_HEAP_ID, ResourceManager.RM_HEAP2_ID -> true;
            case ResourceManager.RM_BTREE_ID -> record.rmgrInfo() <= BTREE_LAST;
            case ResourceManager.RM_HASH_ID -> record.rmgrInfo() <= HASH_LAST;
            case ResourceManager.RM_GIN_ID ->
                    record.rmgrInfo() >= GIN_FIRST && record.rmgrInfo() <= GIN_LAST;
            case ResourceManager.RM_GIST_ID ->
                    switch (record.rmgrInfo()) {
                        case GIST_PAGE_UPDATE, GIST_DELETE, GIST_PAGE_SPLIT, GIST_PAGE_DELETE ->
                                true;
                        default -> false;
                    };
            case ResourceManager.RM_SPGIST_ID ->
                    record.rmgrInfo() >= SPGIST_FIRST && record.rmgrInfo() <= SPGIST_LAST;
            case ResourceManager.RM_BRIN_ID -> (record.rmgrInfo() & BRIN_OPERATION) <= BRIN_LAST;
            case ResourceManager.RM_GENERIC_ID -> record.rmgrInfo() == 0;
            case ResourceManager.RM_SEQ_ID -> record.rmgrInfo() == SEQUENCE_LOG;
            default -> false;
        };
    }

    @Override
    public WalIngest ingest(String timeline, TimelineReader reader, Lsn at) throws IOException {
        return new Ingest17(timeline, reader, at);
    }

    @Override
    public ControlFile controlFile(byte[] file) throws IOException {
        return ControlFile17.of(file);
    }

    @Override
    public CheckPoint checkPoint(byte[] struct) throws IOException {
        return CheckPoint17.of(struct);
    }

    @Override
    public String twoPhaseFileName(Key key) {
        return TwoPhaseFile.DIRECTORY + TwoPhaseFile.name(key);
    }

    @Override
    public Key twoPhaseKey(String name, byte[] file) throws IOException {
        if (!TwoPhaseFile.isWhole(file)) {
            throw new IOException(TwoPhaseFile.DIRECTORY + name + " is damaged");
        }
        return TwoPhaseFile.key(name);
    }

    @Override
    public @Nullable String difference(byte[] stored, byte[] local, Fork fork, int block) {
        PageDifference difference = PageComparison.ofDataDirectory(stored, local, fork, block);
        return difference == null ? null : difference.toString();
    }

    @Override
    public @Nullable String differenceAfterRedo(byte[] image, byte[] redone, Fork fork, int block) {
        PageDifference difference = PageComparison.afterRedo(image, redone, fork, block);
        return difference == null ? null : difference.toString();
    }

    @Override
    public String recordType(WalRecord record) {
        return RecordTypes.name(record);
    }

    @Override
    public RecordDescriber describer(ZoneId zone) {
        return new Describer17(zone);
    }

    @Override
    public RelationCatalog catalog(StoredState state) {
        return new Catalog17(state);
    }

    @Override
    public PageView view(byte[] page, Fork fork, int block) {
        return PageViewer.view(page, fork, block);
    }

    @Override
    public List<String> directories() {
        return DIRECTORIES;
    }
}
