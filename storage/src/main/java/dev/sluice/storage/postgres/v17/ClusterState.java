package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.TransactionIds;
import java.io.IOException;

/**
 * The counters of the cluster, as a checkpoint record would hold them, and its control file: kept
 * current over the records, so that a compute can start at any record's end. Put when a record
 * changed them.
 *
 * <p>The next transaction id is rounded up to a multiple of {@value #XIDS_AT_ONCE}, so that it
 * changes only once in so many transactions: it must be above every id used, and leaving some
 * unused harms nothing. A shutdown checkpoint gives the exact one. The others are exact.
 */
final class ClusterState {
    /**
     * Divides the ids of a commit log page, so that rounding never enters one before its record.
     * Less than those of a commit timestamp page, so that it never leaves one out: the one that it
     * enters is made by Postgres when it starts ({@code ActivateCommitTs}).
     */
    static final int XIDS_AT_ONCE = 512;

    private final byte[] checkPoint;
    private ControlFile17 controlFile;
    private boolean checkPointChanged;
    private boolean controlFileChanged;

    private ClusterState(byte[] checkPoint, ControlFile17 controlFile) {
        this.checkPoint = checkPoint;
        this.controlFile = controlFile;
    }

    static ClusterState read(RecordScope scope) throws IOException {
        byte[] checkPoint = scope.read(Key.OF_CHECKPOINT);
        byte[] controlFile = scope.read(Key.OF_CONTROL_FILE);
        if (checkPoint == null || controlFile == null) {
            throw new IOException(
                    "the timeline has no checkpoint or control file at " + scope.position());
        }
        return new ClusterState(
                CheckPoint17.of(checkPoint).bytes().clone(), ControlFile17.of(controlFile));
    }

    void putChanges(RecordScope scope) throws IOException {
        if (checkPointChanged) {
            putFirstClogPage(scope);
            scope.put(Key.OF_CHECKPOINT, new Value.Image(checkPoint.clone()));
            checkPointChanged = false;
        }
        if (controlFileChanged) {
            scope.put(Key.OF_CONTROL_FILE, new Value.Image(controlFile.bytes()));
            controlFileChanged = false;
        }
    }

    /**
     * Once every 2^32 transactions the next one is the first that a page of the commit log has, but
     * not at the page's start, where a page begins without being read: Postgres would not start
     * without the page ({@code TrimCLOG}), whose record comes with the transaction only.
     */
    private void putFirstClogPage(RecordScope scope) throws IOException {
        if ((int) nextXid() == TransactionIds.FIRST_NORMAL && !scope.hasSlruBlock(Slru.CLOG, 0)) {
            scope.putZeroSlruBlock(Slru.CLOG, 0);
        }
    }

    int get(int field) {
        return LittleEndian.i32(checkPoint, field);
    }

    void set(int field, int value) {
        if (get(field) != value) {
            LittleEndian.put32(checkPoint, field, value);
            checkPointChanged = true;
        }
    }

    /** Sets a counter that lies on the 32-bit circle, if that is a step forward on it. */
    void advance(int field, int value) {
        if (get(field) - value < 0) {
            set(field, value);
        }
    }

    private long nextXid() {
        return LittleEndian.i64(checkPoint, CheckPoint17.NEXT_XID);
    }

    private void setNextXid(long next) {
        if (nextXid() != next) {
            LittleEndian.put64(checkPoint, CheckPoint17.NEXT_XID, next);
            checkPointChanged = true;
        }
    }

    /** Makes the next transaction id lie behind {@code xid} ({@code varsup.c}). */
    void advanceNextXidPast(int xid) {
        int next = (int) nextXid();
        if (!TransactionIds.isNormal(xid) || TransactionIds.precedes(xid, next)) {
            return;
        }
        long full = nextXid() + Integer.toUnsignedLong(xid - next) + 1;
        long rounded = (full + XIDS_AT_ONCE - 1) & -XIDS_AT_ONCE;
        if (!TransactionIds.isNormal((int) rounded)) {
            rounded += TransactionIds.FIRST_NORMAL;
        }
        setNextXid(rounded);
    }

    void advanceNextXidTo(long full) {
        if (Long.compareUnsigned(nextXid(), full) < 0) {
            setNextXid(full);
        }
    }

    /** The epoch of a transaction id that is in use ({@code AdjustToFullTransactionId}). */
    int epochOf(int xid) {
        long next = nextXid();
        int epoch = (int) (next >>> Integer.SIZE);
        return Integer.compareUnsigned(xid, (int) next) > 0 ? epoch - 1 : epoch;
    }

    void setFullPageWrites(boolean on) {
        byte value = (byte) (on ? 1 : 0);
        if (checkPoint[CheckPoint17.FULL_PAGE_WRITES] != value) {
            checkPoint[CheckPoint17.FULL_PAGE_WRITES] = value;
            checkPointChanged = true;
        }
    }

    /** Takes a shutdown checkpoint's counters over exactly. */
    void replace(CheckPoint17 shutdown) {
        System.arraycopy(shutdown.bytes(), 0, checkPoint, 0, CheckPoint17.BYTES);
        checkPointChanged = true;
    }

    boolean tracksCommitTimestamps() {
        return controlFile.tracksCommitTimestamps();
    }

    void setParameters(ParameterChange parameters) {
        set(CheckPoint17.WAL_LEVEL, parameters.walLevel());
        controlFile = controlFile.withParameters(parameters);
        controlFileChanged = true;
    }
}
