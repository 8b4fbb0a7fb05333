package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.storage.page.TransactionIds;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The XLOG manager's records: checkpoints, counters, settings, page images ({@code xlog_redo}). */
final class XlogRecords {
    private final RecordScope scope;
    private final ClusterState cluster;
    private final BlockRecords blocks;
    private final SlruRecords slrus;

    XlogRecords(RecordScope scope, ClusterState cluster, BlockRecords blocks, SlruRecords slrus) {
        this.scope = scope;
        this.cluster = cluster;
        this.blocks = blocks;
        this.slrus = slrus;
    }

    void ingest(WalRecord record) throws IOException {
        switch (record.rmgrInfo()) {
            case Operation.CHECKPOINT_SHUTDOWN -> cluster.replace(checkPoint(record));
            case Operation.CHECKPOINT_ONLINE -> ingestOnline(checkPoint(record));
            case Operation.NEXT_OID ->
                    cluster.set(CheckPoint17.NEXT_OID, RecordData.main(record).getInt());
            case Operation.PARAMETER_CHANGE -> ingestParameters(ParameterChange.parse(record));
            case Operation.FPW_CHANGE ->
                    cluster.setFullPageWrites(RecordData.main(record).get() != 0);
            case Operation.FPI -> ingestImages(record, true);
            case Operation.FPI_FOR_HINT -> ingestImages(record, false);
            case Operation.END_OF_RECOVERY -> {
                ByteBuffer main = RecordData.main(record);
                checkTimeline(main.getInt(Operation.END_OF_RECOVERY_TIMELINE));
            }
            // They mark places in the WAL and change nothing.
            case Operation.NOOP,
                    Operation.SWITCH,
                    Operation.BACKUP_END,
                    Operation.RESTORE_POINT,
                    Operation.OVERWRITE_CONTRECORD -> {}
            case Operation.CHECKPOINT_REDO -> checkWalLevel(RecordData.main(record).getInt());
            default -> throw scope.refuse("unknown info");
        }
    }

    private CheckPoint17 checkPoint(WalRecord record) throws IOException {
        if (record.mainLength() != CheckPoint17.BYTES) {
            throw scope.refuse("a checkpoint of " + record.mainLength() + " bytes");
        }
        byte[] struct = new byte[CheckPoint17.BYTES];
        ByteBuffer main = RecordData.main(record).get(struct);
        checkTimeline(main.getInt(CheckPoint17.TIMELINE));
        return new CheckPoint17(struct);
    }

    private void checkTimeline(int timeline) throws IOException {
        if (timeline != WalSegments.TIMELINE) {
            throw scope.refuse("it is on Postgres timeline " + timeline + ", computes run on 1");
        }
    }

    /** An online checkpoint's counters are of when it began, so they only move ours forward. */
    private void ingestOnline(CheckPoint17 online) throws IOException {
        ByteBuffer struct = ByteBuffer.wrap(online.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        checkWalLevel(struct.getInt(CheckPoint17.WAL_LEVEL));
        cluster.advanceNextXidTo(online.nextFullXid());
        cluster.advance(CheckPoint17.NEXT_MULTI, struct.getInt(CheckPoint17.NEXT_MULTI));
        cluster.advance(
                CheckPoint17.NEXT_MULTI_OFFSET, struct.getInt(CheckPoint17.NEXT_MULTI_OFFSET));
        int oldestMulti = struct.getInt(CheckPoint17.OLDEST_MULTI);
        if (cluster.get(CheckPoint17.OLDEST_MULTI) - oldestMulti < 0) {
            cluster.set(CheckPoint17.OLDEST_MULTI, oldestMulti);
            cluster.set(CheckPoint17.OLDEST_MULTI_DB, struct.getInt(CheckPoint17.OLDEST_MULTI_DB));
        }
        int oldestXid = struct.getInt(CheckPoint17.OLDEST_XID);
        if (TransactionIds.precedes(cluster.get(CheckPoint17.OLDEST_XID), oldestXid)) {
            cluster.set(CheckPoint17.OLDEST_XID, oldestXid);
            cluster.set(CheckPoint17.OLDEST_XID_DB, struct.getInt(CheckPoint17.OLDEST_XID_DB));
        }
    }

    private void ingestParameters(ParameterChange parameters) throws IOException {
        checkWalLevel(parameters.walLevel());
        boolean tracked = cluster.tracksCommitTimestamps();
        if (parameters.trackCommitTimestamp() && !tracked) {
            slrus.activateCommitTimestamps();
        } else if (!parameters.trackCommitTimestamp() && tracked) {
            slrus.deactivateCommitTimestamps();
        }
        cluster.setParameters(parameters);
    }

    /**
     * With {@code wal_level = minimal} Postgres leaves whole relations out of its WAL: a timeline
     * could not be rebuilt from it.
     */
    private void checkWalLevel(int level) throws IOException {
        if (level == ParameterChange.MINIMAL) {
            throw scope.refuse("wal_level is minimal; replica or logical is needed");
        }
    }

    /** FPI_FOR_HINT may come without images, and asks for nothing then; but not with some. */
    private void ingestImages(WalRecord record, boolean imagesRequired) throws IOException {
        boolean image = false;
        for (int id = 0; id < record.blockCount(); id++) {
            image |= record.hasBlock(id) && record.blockImageApplies(id);
        }
        if (image) {
            blocks.putBlocks(record);
        } else if (imagesRequired) {
            throw scope.refuse("it has no image");
        }
    }

    /** {@code catalog/pg_control.h}. */
    private static final class Operation {
        static final int CHECKPOINT_SHUTDOWN = 0x00;
        static final int CHECKPOINT_ONLINE = 0x10;
        static final int NOOP = 0x20;
        static final int NEXT_OID = 0x30;
        static final int SWITCH = 0x40;
        static final int BACKUP_END = 0x50;
        static final int PARAMETER_CHANGE = 0x60;
        static final int RESTORE_POINT = 0x70;
        static final int FPW_CHANGE = 0x80;
        static final int END_OF_RECOVERY = 0x90;
        static final int FPI_FOR_HINT = 0xA0;
        static final int FPI = 0xB0;
        static final int OVERWRITE_CONTRECORD = 0xD0;
        static final int CHECKPOINT_REDO = 0xE0;

        /** {@code ThisTimeLineID} in {@code xl_end_of_recovery}. */
        static final int END_OF_RECOVERY_TIMELINE = 8;
    }
}
