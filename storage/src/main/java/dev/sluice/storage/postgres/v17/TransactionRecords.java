package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.storage.ingest.SharedCatalog;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.TransactionIds;
import dev.sluice.storage.redo.change.CommitTimestamps;
import dev.sluice.storage.redo.change.PageChange;
import dev.sluice.storage.redo.change.TransactionStatus;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** Transactions' ends and two-phase states ({@code xact_redo}, {@code twophase.c}). */
final class TransactionRecords {
    private static final int OPERATION_MASK = 0x70;

    private final RecordScope scope;
    private final ClusterState cluster;
    private final OriginRecords origins;

    TransactionRecords(RecordScope scope, ClusterState cluster, OriginRecords origins) {
        this.scope = scope;
        this.cluster = cluster;
        this.origins = origins;
    }

    void ingest(WalRecord record) throws IOException {
        switch (record.info() & OPERATION_MASK) {
            case Operation.COMMIT ->
                    commit(record, TransactionEnd.parse(record, scope), record.xid());
            case Operation.ABORT ->
                    abort(record, TransactionEnd.parse(record, scope), record.xid());
            case Operation.COMMIT_PREPARED -> {
                TransactionEnd end = TransactionEnd.parse(record, scope);
                commit(record, end, end.preparedXid());
                scope.put(stateKey(end.preparedXid()), Value.Image.REMOVED);
            }
            case Operation.ABORT_PREPARED -> {
                TransactionEnd end = TransactionEnd.parse(record, scope);
                abort(record, end, end.preparedXid());
                scope.put(stateKey(end.preparedXid()), Value.Image.REMOVED);
            }
            case Operation.PREPARE -> prepare(record);
            case Operation.ASSIGNMENT -> assign(RecordData.main(record));
            // They inform hot standbys and logical decoding.
            case Operation.INVALIDATIONS -> {}
            default -> throw scope.refuse("unknown info");
        }
    }

    /** Subtransactions with ids, of which some may have written nothing yet. */
    private void assign(ByteBuffer main) {
        RecordData.skip(main, Integer.BYTES); // the top-level transaction, which is older
        for (int subtransaction : RecordData.counted(main)) {
            cluster.advanceNextXidPast(subtransaction);
        }
    }

    private void commit(WalRecord record, TransactionEnd end, int xid) throws IOException {
        finish(record, end, xid, TransactionStatus.Status.COMMITTED);
        if (cluster.tracksCommitTimestamps()) {
            putTimestamps(record, end, xid);
        }
        if (end.changesRoles()) {
            scope.changed(SharedCatalog.ROLES);
        }
        if (end.changesDatabases()) {
            scope.changed(SharedCatalog.DATABASES);
        }
    }

    private void abort(WalRecord record, TransactionEnd end, int xid) throws IOException {
        finish(record, end, xid, TransactionStatus.Status.ABORTED);
    }

    private void finish(
            WalRecord record, TransactionEnd end, int xid, TransactionStatus.Status status)
            throws IOException {
        if (!TransactionIds.isNormal(xid)) {
            throw scope.refuse("transaction " + Integer.toUnsignedString(xid) + " cannot end");
        }
        int[] xids = withSubtransactions(end, xid);
        for (int each : xids) {
            cluster.advanceNextXidPast(each);
        }
        putByBlock(
                Slru.CLOG,
                xids,
                TransactionStatus::block,
                onBlock -> new TransactionStatus(status, onBlock));
        for (RelFileLocator relation : end.dropped()) {
            scope.dropRelation(relation);
        }
        if (end.hasOrigin()) {
            if (record.originId() == 0) {
                throw scope.refuse("it has the progress of an origin that it does not name");
            }
            origins.advance(record.originId(), end.originLsn(), false);
        }
    }

    private static int[] withSubtransactions(TransactionEnd end, int xid) {
        int[] subtransactions = end.subtransactions();
        int[] xids = new int[subtransactions.length + 1];
        xids[0] = xid;
        System.arraycopy(subtransactions, 0, xids, 1, subtransactions.length);
        return xids;
    }

    /** {@code TransactionTreeSetCommitTsData} in {@code commit_ts.c}. */
    private void putTimestamps(WalRecord record, TransactionEnd end, int xid) throws IOException {
        long time = end.hasOrigin() ? end.originTime() : end.time();
        int[] xids = withSubtransactions(end, xid);
        putByBlock(
                Slru.COMMIT_TS,
                xids,
                CommitTimestamps::block,
                onBlock -> new CommitTimestamps(time, record.originId(), onBlock));
        int newest = xids[xids.length - 1];
        if (TransactionIds.precedes(cluster.get(CheckPoint17.NEWEST_COMMIT_TS_XID), newest)) {
            cluster.set(CheckPoint17.NEWEST_COMMIT_TS_XID, newest);
        }
    }

    /** Makes one change for each block that some of the transactions lie in. */
    @FunctionalInterface
    private interface ChangeOfBlock {
        PageChange of(int[] xidsOnBlock);
    }

    private void putByBlock(Slru slru, int[] xids, IntUnaryOperator blockOf, ChangeOfBlock change)
            throws IOException {
        int[] sorted = sortedUnsigned(xids);
        int from = 0;
        while (from < sorted.length) {
            int block = blockOf.applyAsInt(sorted[from]);
            int to = from + 1;
            while (to < sorted.length && blockOf.applyAsInt(sorted[to]) == block) {
                to++;
            }
            scope.changeSlruBlock(slru, block, change.of(Arrays.copyOfRange(sorted, from, to)));
            from = to;
        }
    }

    /** A block may hold ids on both sides of 2^31: signed order would tear it apart. */
    private static int[] sortedUnsigned(int[] xids) {
        int[] sorted = xids.clone();
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] ^= Integer.MIN_VALUE;
        }
        Arrays.sort(sorted);
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] ^= Integer.MIN_VALUE;
        }
        return sorted;
    }

    private void prepare(WalRecord record) throws IOException {
        byte[] file = TwoPhaseFile.of(record.raw(), record.mainOffset(), record.mainLength());
        if (!TwoPhaseFile.isWhole(file)) {
            throw scope.refuse(
                    "a two-phase state of "
                            + record.mainLength()
                            + " bytes that gives another length");
        }
        int xid = LittleEndian.i32(file, TwoPhaseFile.XID);
        advancePastSubtransactions(record);
        cluster.advanceNextXidPast(xid);
        scope.put(stateKey(xid), new Value.Image(file));
        if (record.originId() != 0) {
            origins.advance(
                    record.originId(), LittleEndian.i64(file, TwoPhaseFile.ORIGIN_LSN), false);
        }
    }

    /** A subtransaction that wrote nothing itself is named here first. */
    private void advancePastSubtransactions(WalRecord record) {
        ByteBuffer main = RecordData.main(record);
        int count = main.getInt(TwoPhaseFile.SUBTRANSACTIONS);
        int globalIdBytes = Short.toUnsignedInt(main.getShort(TwoPhaseFile.GLOBAL_ID_LENGTH));
        RecordData.skip(main, TwoPhaseFile.HEADER_BYTES + LittleEndian.maxAlign(globalIdBytes));
        RecordData.checkCount(main, count, Integer.BYTES);
        for (int subtransaction : RecordData.ints(main, count)) {
            cluster.advanceNextXidPast(subtransaction);
        }
    }

    private Key stateKey(int xid) {
        return Key.twoPhase(cluster.epochOf(xid), xid);
    }

    /** {@code access/xact.h}. */
    private static final class Operation {
        static final int COMMIT = 0x00;
        static final int PREPARE = 0x10;
        static final int ABORT = 0x20;
        static final int COMMIT_PREPARED = 0x30;
        static final int ABORT_PREPARED = 0x40;
        static final int ASSIGNMENT = 0x50;
        static final int INVALIDATIONS = 0x60;
    }
}
