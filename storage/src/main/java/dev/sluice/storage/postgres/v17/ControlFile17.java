package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.CheckPoint;
import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * {@code ControlFileData} of Postgres 17 ({@code catalog/pg_control.h}). Little-endian:
 *
 * <pre>
 *   0 u64 system_identifier       152 u64 backupStartPoint       216 u32 blcksz
 *   8 u32 pg_control_version      160 u64 backupEndPoint         220 u32 relseg_size
 *  12 u32 catalog_version_no      168 u8  backupEndRequired      224 u32 xlog_blcksz
 *  16 u32 state                   172 i32 wal_level              228 u32 xlog_seg_size
 *  24 i64 time                    176 u8  wal_log_hints          232 …   other build limits
 *  32 u64 checkPoint              180 i32 MaxConnections         248 u8  float8ByVal
 *  40     checkPointCopy          184 i32 max_worker_processes   252 u32 data_checksum_version
 * 128 u64 unloggedLSN             188 i32 max_wal_senders        256 32B mock_authentication_nonce
 * 136 u64 minRecoveryPoint        192 i32 max_prepared_xacts     288 u32 crc (CRC32C of 0..287)
 * 144 u32 minRecoveryPointTLI     196 i32 max_locks_per_xact
 *                                 200 u8  track_commit_timestamp
 * </pre>
 *
 * @param bytes the struct, {@value #BYTES} bytes, its checksum right
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ControlFile17(byte[] bytes) implements ControlFile {
    static final int BYTES = 296;

    private static final int CONTROL_VERSION = 1700;
    private static final int SHUT_DOWN = 1;
    private static final int SHUT_DOWN_IN_RECOVERY = 2;
    private static final int BLOCKS_PER_SEGMENT = 131072;

    private static final int VERSION = 8;
    private static final int STATE = 16;
    private static final int TIME = 24;
    private static final int CHECK_POINT_LOCATION = 32;
    private static final int CHECK_POINT = 40;
    private static final int RECOVERY_FROM = 136;
    private static final int RECOVERY_TO = 169;
    private static final int WAL_LEVEL = 172;
    private static final int WAL_LOG_HINTS = 176;
    private static final int MAX_CONNECTIONS = 180;
    private static final int LIMITS_BYTES = 5 * Integer.BYTES;
    private static final int TRACK_COMMIT_TIMESTAMP = 200;
    private static final int BLOCK_SIZE = 216;
    private static final int RELATION_SEGMENT_BLOCKS = 220;
    private static final int WAL_PAGE_SIZE = 224;
    private static final int WAL_SEGMENT_SIZE = 228;
    private static final int CHECKSUM_VERSION = 252;
    private static final int CRC = 288;

    static ControlFile17 of(byte[] file) throws IOException {
        if (file.length < BYTES) {
            throw new IOException("a control file of " + file.length + " bytes");
        }
        ControlFile17 control = new ControlFile17(Arrays.copyOf(file, BYTES));
        int version = control.field(VERSION);
        if (version != CONTROL_VERSION) {
            throw new IOException(
                    "control file version " + version + ", Postgres 17's is " + CONTROL_VERSION);
        }
        if (control.field(CRC) != crc(control.bytes)) {
            throw new IOException("the control file fails its checksum");
        }
        control.check("block size", BLOCK_SIZE, Page.SIZE);
        control.check("blocks per relation segment", RELATION_SEGMENT_BLOCKS, BLOCKS_PER_SEGMENT);
        control.check("WAL page size", WAL_PAGE_SIZE, WalSegments.PAGE_SIZE);
        control.check("WAL segment size", WAL_SEGMENT_SIZE, WalSegments.SIZE);
        return control;
    }

    private int field(int at) {
        return LittleEndian.i32(bytes, at);
    }

    private void check(String what, int at, int supported) throws IOException {
        if (field(at) != supported) {
            throw new IOException(
                    "the cluster's "
                            + what
                            + " is "
                            + field(at)
                            + ", only "
                            + supported
                            + " works");
        }
    }

    private static int crc(byte[] struct) {
        CRC32C crc = new CRC32C();
        crc.update(struct, 0, CRC);
        return (int) crc.getValue();
    }

    private static ControlFile17 sealed(byte[] struct) {
        LittleEndian.put32(struct, CRC, crc(struct));
        return new ControlFile17(struct);
    }

    @Override
    public byte[] toFile() {
        return Arrays.copyOf(bytes, FILE_SIZE);
    }

    @Override
    public long systemIdentifier() {
        return LittleEndian.i64(bytes, 0);
    }

    @Override
    public boolean isShutDown() {
        return field(STATE) == SHUT_DOWN;
    }

    @Override
    public boolean isShutDownInRecovery() {
        return field(STATE) == SHUT_DOWN_IN_RECOVERY;
    }

    @Override
    public Lsn minRecoveryPoint() {
        return new Lsn(LittleEndian.i64(bytes, RECOVERY_FROM));
    }

    @Override
    public boolean hasDataChecksums() {
        return field(CHECKSUM_VERSION) != 0;
    }

    @Override
    public Lsn checkPointLocation() {
        return new Lsn(LittleEndian.i64(bytes, CHECK_POINT_LOCATION));
    }

    @Override
    public CheckPoint17 checkPoint() {
        return new CheckPoint17(
                Arrays.copyOfRange(bytes, CHECK_POINT, CHECK_POINT + CheckPoint17.BYTES));
    }

    boolean tracksCommitTimestamps() {
        return bytes[TRACK_COMMIT_TIMESTAMP] != 0;
    }

    @Override
    public ControlFile withSystemIdentifier(long systemIdentifier) {
        byte[] changed = bytes.clone();
        LittleEndian.put64(changed, 0, systemIdentifier);
        return sealed(changed);
    }

    /** Takes over the parameters of an XLOG_PARAMETER_CHANGE record. */
    ControlFile17 withParameters(ParameterChange parameters) {
        byte[] changed = bytes.clone();
        System.arraycopy(parameters.limits(), 0, changed, MAX_CONNECTIONS, LIMITS_BYTES);
        LittleEndian.put32(changed, WAL_LEVEL, parameters.walLevel());
        changed[WAL_LOG_HINTS] = (byte) (parameters.walLogHints() ? 1 : 0);
        changed[TRACK_COMMIT_TIMESTAMP] = (byte) (parameters.trackCommitTimestamp() ? 1 : 0);
        return sealed(changed);
    }

    @Override
    public ControlFile shutDownAt(Lsn location, CheckPoint checkPoint, long unixSeconds) {
        byte[] changed = bytes.clone();
        LittleEndian.put32(changed, STATE, SHUT_DOWN);
        LittleEndian.put64(changed, TIME, unixSeconds);
        LittleEndian.put64(changed, CHECK_POINT_LOCATION, location.value());
        System.arraycopy(checkPoint.bytes(), 0, changed, CHECK_POINT, CheckPoint17.BYTES);
        Arrays.fill(changed, RECOVERY_FROM, RECOVERY_TO, (byte) 0);
        return sealed(changed);
    }
}
