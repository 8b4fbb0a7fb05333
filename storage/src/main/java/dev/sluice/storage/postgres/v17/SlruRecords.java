package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.TransactionIds;
import dev.sluice.storage.redo.change.CommitTimestamps;
import dev.sluice.storage.redo.change.TransactionStatus;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * New pages and truncations of the commit log and the commit timestamps ({@code clog_redo}, {@code
 * commit_ts_redo}), and the timestamps' being switched on and off.
 */
final class SlruRecords {
    private static final int ZERO_PAGE = 0x00;
    private static final int TRUNCATE = 0x10;

    private final RecordScope scope;
    private final ClusterState cluster;

    SlruRecords(RecordScope scope, ClusterState cluster) {
        this.scope = scope;
        this.cluster = cluster;
    }

    void ingestClog(WalRecord record) throws IOException {
        ByteBuffer main = RecordData.main(record);
        long page = main.getLong();
        switch (record.rmgrInfo()) {
            case ZERO_PAGE -> scope.putZeroSlruBlock(Slru.CLOG, page);
            case TRUNCATE -> {
                int oldestXid = main.getInt();
                if (TransactionIds.precedes(cluster.get(CheckPoint17.OLDEST_XID), oldestXid)) {
                    cluster.set(CheckPoint17.OLDEST_XID, oldestXid);
                    cluster.set(CheckPoint17.OLDEST_XID_DB, main.getInt());
                }
                truncate(Slru.CLOG, page, TransactionStatus.XIDS_PER_BLOCK);
            }
            default -> throw scope.refuse("unknown info");
        }
    }

    void ingestCommitTimestamps(WalRecord record) throws IOException {
        ByteBuffer main = RecordData.main(record);
        long page = main.getLong();
        switch (record.rmgrInfo()) {
            case ZERO_PAGE -> scope.putZeroSlruBlock(Slru.COMMIT_TS, page);
            case TRUNCATE -> {
                int oldest = cluster.get(CheckPoint17.OLDEST_COMMIT_TS_XID);
                int oldestXid = main.getInt();
                if (oldest != TransactionIds.INVALID
                        && TransactionIds.precedes(oldest, oldestXid)) {
                    cluster.set(CheckPoint17.OLDEST_COMMIT_TS_XID, oldestXid);
                }
                truncate(Slru.COMMIT_TS, page, CommitTimestamps.PER_BLOCK);
            }
            default -> throw scope.refuse("unknown info");
        }
    }

    private void truncate(Slru slru, long cutoffPage, int xidsPerPage) throws IOException {
        scope.dropSlruSegments(
                slru,
                segment ->
                        SlruPages.segmentPrecedes(
                                segment,
                                cutoffPage,
                                (a, b) -> SlruPages.xidPagePrecedes(a, b, xidsPerPage)));
    }

    /** {@code ActivateCommitTs} in {@code commit_ts.c}. */
    void activateCommitTimestamps() throws IOException {
        int next = cluster.get(CheckPoint17.NEXT_XID);
        if (cluster.get(CheckPoint17.OLDEST_COMMIT_TS_XID) == TransactionIds.INVALID) {
            cluster.set(CheckPoint17.OLDEST_COMMIT_TS_XID, next);
            cluster.set(CheckPoint17.NEWEST_COMMIT_TS_XID, next);
        }
        int page = CommitTimestamps.block(next);
        if (!scope.hasSlruBlock(Slru.COMMIT_TS, page)) {
            scope.putZeroSlruBlock(Slru.COMMIT_TS, page);
        }
    }

    /** {@code DeactivateCommitTs} in {@code commit_ts.c}. */
    void deactivateCommitTimestamps() throws IOException {
        cluster.set(CheckPoint17.OLDEST_COMMIT_TS_XID, TransactionIds.INVALID);
        cluster.set(CheckPoint17.NEWEST_COMMIT_TS_XID, TransactionIds.INVALID);
        scope.dropSlruSegments(Slru.COMMIT_TS, _ -> true);
    }
}
