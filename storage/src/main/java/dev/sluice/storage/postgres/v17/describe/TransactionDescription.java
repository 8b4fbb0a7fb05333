package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code xactdesc.c}, structs in {@code access/xact.h}. */
final class TransactionDescription implements ManagerDescription {
    /** {@code XLOG_XACT_OPMASK}. */
    static final int OPERATION = 0x70;

    private static final int COMMIT = 0x00;
    private static final int PREPARE = 0x10;
    private static final int ABORT = 0x20;
    private static final int COMMIT_PREPARED = 0x30;
    private static final int ABORT_PREPARED = 0x40;
    private static final int ASSIGNMENT = 0x50;
    private static final int INVALIDATION = 0x60;

    @Override
    public @Nullable String type(int info) {
        return switch (info & OPERATION) {
            case COMMIT -> "COMMIT";
            case PREPARE -> "PREPARE";
            case ABORT -> "ABORT";
            case COMMIT_PREPARED -> "COMMIT_PREPARED";
            case ABORT_PREPARED -> "ABORT_PREPARED";
            case ASSIGNMENT -> "ASSIGNMENT";
            case INVALIDATION -> "INVALIDATION";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo() & OPERATION) {
            case COMMIT, COMMIT_PREPARED -> new TransactionEndFields(record).describeCommit(out);
            case ABORT, ABORT_PREPARED -> new TransactionEndFields(record).describeAbort(out);
            case PREPARE -> PrepareFields.describe(record, data, out);
            case ASSIGNMENT -> {
                out.say("xtop ").u(data.i32(0)).say(": subxacts:");
                xids(data, 8, data.i32(4), out);
            }
            case INVALIDATION -> Invalidations.describe(data, 4, data.i32(0), 0, 0, false, out);
            default -> {}
        }
    }

    private static void xids(Data data, int at, int count, Words out) {
        data.checked(count, at, Integer.BYTES);
        for (int i = 0; i < count; i++) {
            out.say(" ").u(data.i32(at + Integer.BYTES * i));
        }
    }

    static void subtransactions(Data data, int at, int count, Words out) {
        if (count > 0) {
            out.say("; subxacts:");
            xids(data, at, count, out);
        }
    }

    /** Files of relations that go when the transaction ends. */
    static void relations(String label, Data data, int at, int count, Words out) {
        if (count > 0) {
            out.say("; ").say(label).say(":");
            data.checked(count, at, 12);
            for (int i = 0; i < count; i++) {
                out.say(" ").path(data, at + 12 * i, "");
            }
        }
    }

    static void statistics(String label, Data data, int at, int count, Words out) {
        if (count > 0) {
            out.say("; ").say(label).say("dropped stats:");
            data.checked(count, at, 12);
            for (int i = 0; i < count; i++) {
                int item = at + 12 * i;
                out.say(" ").d(data.i32(item)).say("/").u(data.i32(item + 4));
                out.say("/").u(data.i32(item + 8));
            }
        }
    }

    static void origin(int node, long lsn, long time, Words out) {
        out.say("; origin: node ").u(node).say(", lsn ").lsn(lsn).say(", at ").time(time);
    }
}
