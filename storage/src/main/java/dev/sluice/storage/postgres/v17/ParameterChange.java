package dev.sluice.storage.postgres.v17;

import dev.sluice.walservice.wal.WalRecord;
import java.nio.ByteBuffer;

/**
 * The settings that an XLOG_PARAMETER_CHANGE record reports ({@code xl_parameter_change}).
 *
 * @param limits MaxConnections, max_worker_processes, max_wal_senders, max_prepared_xacts and
 *     max_locks_per_xact, as they lie in the record and in the control file
 * @param walLevel 0 minimal, 1 replica, 2 logical
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ParameterChange(
        byte[] limits, int walLevel, boolean walLogHints, boolean trackCommitTimestamp) {
    private static final int LIMITS_BYTES = 5 * Integer.BYTES;

    static final int MINIMAL = 0;

    static ParameterChange parse(WalRecord record) {
        ByteBuffer main = RecordData.main(record);
        byte[] limits = new byte[LIMITS_BYTES];
        main.get(limits);
        return new ParameterChange(limits, main.getInt(), main.get() != 0, main.get() != 0);
    }
}
