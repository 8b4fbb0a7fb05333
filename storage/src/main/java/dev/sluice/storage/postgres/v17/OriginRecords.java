package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.postgres.OriginProgress;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * How far replication origins have been replicated ({@code replorigin_redo} in {@code origin.c}).
 */
final class OriginRecords {
    private static final int SET = 0x00;
    private static final int DROP = 0x10;

    /** {@code DoNotReplicateId}: changes that are not to be replicated, no real origin. */
    private static final int NOT_REPLICATED = 0xFFFF;

    private final RecordScope scope;

    OriginRecords(RecordScope scope) {
        this.scope = scope;
    }

    void ingest(WalRecord record) throws IOException {
        ByteBuffer main = RecordData.main(record);
        switch (record.rmgrInfo()) {
            case SET -> {
                long remote = main.getLong();
                int origin = Short.toUnsignedInt(main.getShort());
                advance(origin, remote, main.get() != 0);
            }
            case DROP -> {
                int origin = Short.toUnsignedInt(main.getShort());
                scope.put(Key.replicationOrigin(origin), Value.Image.REMOVED);
            }
            default -> throw scope.refuse("unknown info");
        }
    }

    /** {@code replorigin_advance}. */
    void advance(int origin, long remoteLsn, boolean backward) throws IOException {
        if (origin == NOT_REPLICATED) {
            return;
        }
        Key key = Key.replicationOrigin(origin);
        byte[] known = scope.read(key);
        if (known == null
                || backward
                || Long.compareUnsigned(OriginProgress.decode(known).remoteLsn(), remoteLsn) < 0) {
            scope.put(key, new OriginProgress(remoteLsn).image());
        }
    }
}
