package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;

/**
 * A commit or abort record: its time, then parts that are there as flags say ({@code
 * ParseCommitRecord}, {@code ParseAbortRecord}).
 */
final class TransactionEndFields {
    private static final int HAS_INFO = 0x80;
    private static final int HAS_DATABASE = 1 << 0;
    private static final int HAS_SUBTRANSACTIONS = 1 << 1;
    private static final int HAS_RELATIONS = 1 << 2;
    private static final int HAS_INVALIDATIONS = 1 << 3;
    private static final int HAS_TWO_PHASE = 1 << 4;
    private static final int HAS_ORIGIN = 1 << 5;
    private static final int HAS_GID = 1 << 7;
    private static final int HAS_DROPPED_STATISTICS = 1 << 8;
    private static final int APPLY_FEEDBACK = 1 << 29;
    private static final int UPDATE_RELCACHE_FILE = 1 << 30;
    private static final int FORCE_SYNC = 1 << 31;

    private static final int LOCATOR_BYTES = 12;
    private static final int STATISTICS_BYTES = 12;

    private record Counted(int at, int count) {}

    private final Data data;
    private final int originNode;
    private final int info;
    private int position = 8;
    private final int database;
    private final int tablespace;
    private final Counted subtransactions;
    private final Counted relations;
    private final Counted statistics;
    private final Counted invalidations;
    private final int preparedXid;
    private final int originAt;

    TransactionEndFields(WalRecord record) {
        data = Data.main(record);
        originNode = record.originId();
        info = (record.info() & HAS_INFO) != 0 ? data.i32(take(4)) : 0;
        boolean inDatabase = (info & HAS_DATABASE) != 0;
        database = inDatabase ? data.i32(take(4)) : 0;
        tablespace = inDatabase ? data.i32(take(4)) : 0;
        subtransactions = counted(HAS_SUBTRANSACTIONS, Integer.BYTES);
        relations = counted(HAS_RELATIONS, LOCATOR_BYTES);
        statistics = counted(HAS_DROPPED_STATISTICS, STATISTICS_BYTES);
        invalidations = counted(HAS_INVALIDATIONS, Invalidations.BYTES);
        preparedXid = (info & HAS_TWO_PHASE) != 0 ? data.i32(take(4)) : 0;
        if ((info & HAS_TWO_PHASE) != 0 && (info & HAS_GID) != 0) {
            while (data.u8(position) != 0) {
                position++;
            }
            position++;
        }
        originAt = position;
    }

    private int take(int bytes) {
        position += bytes;
        return position - bytes;
    }

    private Counted counted(int flag, int bytesEach) {
        if ((info & flag) == 0) {
            return new Counted(position, 0);
        }
        int count = data.checked(data.i32(position), position + Integer.BYTES, bytesEach);
        Counted things = new Counted(position + Integer.BYTES, count);
        position = things.at + count * bytesEach;
        return things;
    }

    void describeCommit(Words out) {
        begin(out);
        TransactionDescription.statistics("", data, statistics.at, statistics.count, out);
        Invalidations.describe(
                data,
                invalidations.at,
                invalidations.count,
                database,
                tablespace,
                (info & UPDATE_RELCACHE_FILE) != 0,
                out);
        if ((info & APPLY_FEEDBACK) != 0) {
            out.say("; apply_feedback");
        }
        if ((info & FORCE_SYNC) != 0) {
            out.say("; sync");
        }
        origin(out);
    }

    void describeAbort(Words out) {
        begin(out);
        origin(out);
        TransactionDescription.statistics("", data, statistics.at, statistics.count, out);
    }

    private void begin(Words out) {
        if (preparedXid != 0) {
            out.u(preparedXid).say(": ");
        }
        out.time(data.i64(0));
        TransactionDescription.relations("rels", data, relations.at, relations.count, out);
        TransactionDescription.subtransactions(
                data, subtransactions.at, subtransactions.count, out);
    }

    private void origin(Words out) {
        if ((info & HAS_ORIGIN) != 0) {
            TransactionDescription.origin(
                    originNode, data.i64(originAt), data.i64(originAt + 8), out);
        }
    }
}
