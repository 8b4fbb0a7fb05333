package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.IngestException;
import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.WalRecord;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What a commit or abort record says, prepared ones included ({@code ParseCommitRecord} and {@code
 * ParseAbortRecord} in {@code xactdesc.c}; both are laid out alike).
 *
 * @param time {@code TimestampTz}
 * @param dropped relations that go away with it
 * @param changesRoles a commit's invalidations name {@code pg_authid}'s cache
 * @param changesDatabases a commit's invalidations name {@code pg_database}'s cache
 * @param preparedXid the prepared transaction that ends; 0 if it is none
 * @param hasOrigin whether the two below are there
 * @param originLsn how far it replicates its origin
 * @param originTime when it committed there
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TransactionEnd(
        long time,
        int[] subtransactions,
        List<RelFileLocator> dropped,
        boolean changesRoles,
        boolean changesDatabases,
        int preparedXid,
        boolean hasOrigin,
        long originLsn,
        long originTime) {

    private static final int HAS_INFO = 0x80;

    private static final int HAS_DATABASE = 1;
    private static final int HAS_SUBTRANSACTIONS = 1 << 1;
    private static final int HAS_DROPPED = 1 << 2;
    private static final int HAS_INVALIDATIONS = 1 << 3;
    private static final int HAS_PREPARED_XID = 1 << 4;
    private static final int HAS_ORIGIN = 1 << 5;
    private static final int HAS_GLOBAL_ID = 1 << 7;
    private static final int HAS_DROPPED_STATISTICS = 1 << 8;

    /** Bits 6 and 29 to 31 ask hot standbys for something and bring no data. */
    private static final int KNOWN = 0x1FF | 1 << 29 | 1 << 30 | 1 << 31;

    private static final int DATABASE_BYTES = 8;
    private static final int LOCATOR_BYTES = 12;
    private static final int STATISTICS_BYTES = 12;
    private static final int INVALIDATION_BYTES = 16;

    // SysCacheIdentifier: Postgres 17's caches by name, counted from 0 (genbki.pl).
    private static final int CACHE_AUTHNAME = 10;
    private static final int CACHE_AUTHOID = 11;
    private static final int CACHE_DATABASEOID = 21;

    /**
     * @throws IngestException if it has parts that are not known, so that where the known ones lie
     *     is not known either
     */
    static TransactionEnd parse(WalRecord record, RecordScope scope) throws IngestException {
        ByteBuffer in = RecordData.main(record);
        long time = in.getLong();
        int info = (record.info() & HAS_INFO) != 0 ? in.getInt() : 0;
        if ((info & ~KNOWN) != 0) {
            throw scope.refuse("unknown parts, xinfo " + Integer.toHexString(info));
        }
        if ((info & HAS_DATABASE) != 0) {
            RecordData.skip(in, DATABASE_BYTES);
        }
        int[] subtransactions =
                (info & HAS_SUBTRANSACTIONS) != 0 ? RecordData.counted(in) : new int[0];
        List<RelFileLocator> dropped = (info & HAS_DROPPED) != 0 ? locators(in) : List.of();
        if ((info & HAS_DROPPED_STATISTICS) != 0) {
            RecordData.skip(in, RecordData.count(in, STATISTICS_BYTES) * STATISTICS_BYTES);
        }
        boolean roles = false;
        boolean databases = false;
        if ((info & HAS_INVALIDATIONS) != 0) {
            for (int left = RecordData.count(in, INVALIDATION_BYTES); left > 0; left--) {
                int cache = in.get(in.position());
                roles |= cache == CACHE_AUTHNAME || cache == CACHE_AUTHOID;
                databases |= cache == CACHE_DATABASEOID;
                RecordData.skip(in, INVALIDATION_BYTES);
            }
        }
        int preparedXid = 0;
        if ((info & HAS_PREPARED_XID) != 0) {
            preparedXid = in.getInt();
            if ((info & HAS_GLOBAL_ID) != 0) {
                skipString(in);
            }
        }
        boolean hasOrigin = (info & HAS_ORIGIN) != 0;
        long originLsn = hasOrigin ? in.getLong() : 0;
        long originTime = hasOrigin ? in.getLong() : 0;
        if (in.hasRemaining()) {
            throw scope.refuse(in.remaining() + " bytes too many");
        }
        return new TransactionEnd(
                time,
                subtransactions,
                dropped,
                roles,
                databases,
                preparedXid,
                hasOrigin,
                originLsn,
                originTime);
    }

    private static List<RelFileLocator> locators(ByteBuffer in) {
        int count = RecordData.count(in, LOCATOR_BYTES);
        List<RelFileLocator> locators = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            locators.add(RecordData.locator(in));
        }
        return locators;
    }

    private static void skipString(ByteBuffer in) {
        byte next;
        do {
            next = in.get();
        } while (next != 0);
    }
}
