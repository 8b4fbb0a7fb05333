package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.IngestException;
import dev.sluice.storage.ingest.ModificationSink;
import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.storage.ingest.WalIngest;
import dev.sluice.storage.page.TransactionIds;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.BufferUnderflowException;

/**
 * Ingest of Postgres 17's WAL. Each record goes to its resource manager; the blocks that it
 * registers are filed under their keys ({@link BlockRecords}); what it says besides is done by the
 * class that is named after the manager's subject.
 */
final class Ingest17 implements WalIngest {
    private final RecordScope scope;
    private final ClusterState cluster;
    private final BlockRecords blocks;
    private final XlogRecords xlog;
    private final TransactionRecords transactions;
    private final StorageRecords storage;
    private final DatabaseRecords databases;
    private final SlruRecords slrus;
    private final MultixactRecords multixacts;
    private final OriginRecords origins;

    Ingest17(String timeline, TimelineReader reader, Lsn at) throws IOException {
        scope = new RecordScope(timeline, reader, at);
        cluster = ClusterState.read(scope);
        blocks = new BlockRecords(scope);
        slrus = new SlruRecords(scope, cluster);
        xlog = new XlogRecords(scope, cluster, blocks, slrus);
        origins = new OriginRecords(scope);
        transactions = new TransactionRecords(scope, cluster, origins);
        storage = new StorageRecords(scope);
        databases = new DatabaseRecords(scope);
        multixacts = new MultixactRecords(scope, cluster);
    }

    @Override
    public Lsn position() {
        return scope.position();
    }

    @Override
    public void ingest(WalRecord record, ModificationSink sink) throws IOException {
        scope.begin(record, sink);
        try {
            dispatch(record);
        } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
            throw scope.refuse("it is shorter than its content says", e);
        } catch (WalFormatException e) {
            throw scope.refuse("its image is damaged", e);
        } catch (RedoException e) {
            throw scope.refuse(String.valueOf(e.getMessage()), e);
        }
        cluster.advanceNextXidPast(record.xid());
        cluster.putChanges(scope);
        scope.end();
    }

    private void dispatch(WalRecord record) throws IOException {
        ResourceManager manager = ResourceManager.ofId(record.resourceManager());
        if (manager == null) {
            throw scope.refuse("extensions' own resource managers are not supported");
        }
        switch (manager) {
            case XLOG -> xlog.ingest(record);
            case XACT -> transactions.ingest(record);
            case SMGR -> storage.ingest(record);
            case CLOG -> slrus.ingestClog(record);
            case DATABASE -> databases.ingest(record);
            case TABLESPACE -> throw scope.refuse("tablespaces are not supported");
            case MULTIXACT -> multixacts.ingest(record);
            case RELMAP -> databases.ingestMap(record);
            case STANDBY -> ingestStandby(record);
            case COMMIT_TS -> slrus.ingestCommitTimestamps(record);
            case REPLICATION_ORIGIN -> origins.ingest(record);
            case LOGICAL_MESSAGE -> checkInfo(record, LogicalMessage.MESSAGE);
            case HEAP, HEAP2, BTREE, HASH, GIN, GIST, SEQUENCE, SPGIST, BRIN, GENERIC ->
                    blocks.ingest(record);
        }
    }

    private void checkInfo(WalRecord record, int known) throws IngestException {
        if (record.rmgrInfo() != known) {
            throw scope.refuse("unknown info");
        }
    }

    /**
     * Locks, running transactions and invalidations matter to hot standbys only ({@code
     * standbydefs.h}); the next transaction id in the second is news to us all the same.
     */
    private void ingestStandby(WalRecord record) throws IngestException {
        switch (record.rmgrInfo()) {
            case Standby.LOCK, Standby.INVALIDATIONS -> {}
            case Standby.RUNNING_XACTS -> {
                int next = RecordData.main(record).getInt(Standby.NEXT_XID_OFFSET);
                cluster.advanceNextXidPast(TransactionIds.before(next));
            }
            default -> throw scope.refuse("unknown info");
        }
    }

    /** {@code storage/standbydefs.h}. */
    private static final class Standby {
        static final int LOCK = 0x00;
        static final int RUNNING_XACTS = 0x10;
        static final int INVALIDATIONS = 0x20;

        /** {@code nextXid} in {@code xl_running_xacts}. */
        static final int NEXT_XID_OFFSET = 12;
    }

    /** {@code replication/message.h}. */
    private static final class LogicalMessage {
        static final int MESSAGE = 0x00;
    }
}
