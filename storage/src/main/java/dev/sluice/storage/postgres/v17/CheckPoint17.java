package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.postgres.CheckPoint;
import dev.sluice.wire.Lsn;
import java.io.IOException;

/**
 * {@code CheckPoint} of Postgres 17 ({@code catalog/pg_control.h}). Little-endian:
 *
 * <pre>
 *  0 u64 redo                 32 u32 nextOid            64 i64 time
 *  8 u32 ThisTimeLineID       36 u32 nextMulti          72 u32 oldestCommitTsXid
 * 12 u32 PrevTimeLineID       40 u32 nextMultiOffset    76 u32 newestCommitTsXid
 * 16 u8  fullPageWrites       44 u32 oldestXid          80 u32 oldestActiveXid
 * 20 i32 wal_level            48 u32 oldestXidDB
 * 24 u64 nextXid              52 u32 oldestMulti
 *                             56 u32 oldestMultiDB
 * </pre>
 *
 * @param bytes {@value #BYTES} of them
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record CheckPoint17(byte[] bytes) implements CheckPoint {
    static final int BYTES = 88;

    static final int REDO = 0;
    static final int TIMELINE = 8;
    static final int FULL_PAGE_WRITES = 16;
    static final int WAL_LEVEL = 20;
    static final int NEXT_XID = 24;
    static final int NEXT_OID = 32;
    static final int NEXT_MULTI = 36;
    static final int NEXT_MULTI_OFFSET = 40;
    static final int OLDEST_XID = 44;
    static final int OLDEST_XID_DB = 48;
    static final int OLDEST_MULTI = 52;
    static final int OLDEST_MULTI_DB = 56;
    static final int TIME = 64;
    static final int OLDEST_COMMIT_TS_XID = 72;
    static final int NEWEST_COMMIT_TS_XID = 76;
    static final int OLDEST_ACTIVE_XID = 80;

    static CheckPoint17 of(byte[] struct) throws IOException {
        if (struct.length != BYTES) {
            throw new IOException(
                    "a checkpoint of Postgres 17 has " + BYTES + " bytes, not " + struct.length);
        }
        return new CheckPoint17(struct);
    }

    @Override
    public Lsn redo() {
        return new Lsn(LittleEndian.i64(bytes, REDO));
    }

    @Override
    public long nextFullXid() {
        return LittleEndian.i64(bytes, NEXT_XID);
    }

    @Override
    public CheckPoint17 asShutdown(Lsn redo, long unixSeconds) {
        byte[] changed = bytes.clone();
        LittleEndian.put64(changed, REDO, redo.value());
        LittleEndian.put64(changed, TIME, unixSeconds);
        LittleEndian.put32(changed, OLDEST_ACTIVE_XID, 0);
        return new CheckPoint17(changed);
    }
}
