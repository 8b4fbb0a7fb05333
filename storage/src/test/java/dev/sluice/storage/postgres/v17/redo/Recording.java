package dev.sluice.storage.postgres.v17.redo;

import java.util.ArrayList;
import java.util.List;

/** The workloads that tests of redo share, each recorded once. */
@SuppressWarnings("ImmutableEnumChecker") // what it holds is never changed
enum Recording {
    TABLES(OracleWorkload::run, "all", "full_page_writes = off", "wal_level = replica"),
    TABLES_AMONG_IMAGES(
            OracleWorkload::run,
            "all",
            "full_page_writes = on",
            "wal_log_hints = on",
            "wal_level = logical",
            "wal_compression = pglz"),
    INDEXES(IndexWorkload::run, "gin,gist,spgist,brin,generic", "full_page_writes = off"),
    INDEXES_AMONG_IMAGES(
            IndexWorkload::runBetweenCheckpoints,
            "gin,gist,spgist,brin,generic",
            "full_page_writes = on",
            "wal_compression = pglz");

    /** Those in which nearly every block is changed otherwise than by an image. */
    static final List<Recording> WITHOUT_IMAGES = List.of(TABLES, INDEXES);

    private final RecordedCluster.Workload workload;
    private final List<String> settings;

    /**
     * @param checked the managers whose records bring an image of what they make
     */
    Recording(RecordedCluster.Workload workload, String checked, String... settings) {
        this.workload = workload;
        this.settings = new ArrayList<>(List.of(settings));
        this.settings.addAll(
                List.of(
                        "wal_consistency_checking = '" + checked + "'",
                        "autovacuum = off",
                        "checkpoint_timeout = 1h",
                        "max_wal_size = 8GB",
                        "wal_keep_size = 8GB",
                        "shared_buffers = 64MB"));
    }

    RecordedCluster record() throws Exception {
        return RecordedCluster.record(settings, workload);
    }
}
