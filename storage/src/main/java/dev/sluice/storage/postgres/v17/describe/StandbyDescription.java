package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code standbydesc.c}, structs in {@code storage/standbydefs.h}. */
final class StandbyDescription implements ManagerDescription {
    private static final int LOCK = 0x00;
    private static final int RUNNING_XACTS = 0x10;
    private static final int INVALIDATIONS = 0x20;

    private static final int LOCKS_AT = 4;
    private static final int LOCK_BYTES = 12;
    private static final int XIDS_AT = 24;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case LOCK -> "LOCK";
            case RUNNING_XACTS -> "RUNNING_XACTS";
            case INVALIDATIONS -> "INVALIDATIONS";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case LOCK -> locks(data, out);
            case RUNNING_XACTS -> running(data, out);
            case INVALIDATIONS ->
                    Invalidations.describe(
                            data, 16, data.i32(12), data.i32(0), data.i32(4), data.flag(8), out);
            default -> {}
        }
    }

    private static void locks(Data data, Words out) {
        int count = data.checked(data.i32(0), LOCKS_AT, LOCK_BYTES);
        for (int i = 0; i < count; i++) {
            int at = LOCKS_AT + LOCK_BYTES * i;
            out.say("xid ").u(data.i32(at)).say(" db ").u(data.i32(at + 4));
            out.say(" rel ").u(data.i32(at + 8)).say(" ");
        }
    }

    private static void running(Data data, Words out) {
        int top = data.checked(data.i32(0), XIDS_AT, 4);
        int subsAt = XIDS_AT + 4 * top;
        int subs = data.checked(data.i32(4), subsAt, 4);
        out.say("nextXid ").u(data.i32(12)).say(" latestCompletedXid ").u(data.i32(20));
        out.say(" oldestRunningXid ").u(data.i32(16));
        if (top > 0) {
            out.say("; ").d(top).say(" xacts:");
            xids(data, XIDS_AT, top, out);
        }
        if (data.flag(8)) {
            out.say("; subxid overflowed");
        }
        if (subs > 0) {
            out.say("; ").d(subs).say(" subxacts:");
            xids(data, subsAt, subs, out);
        }
    }

    private static void xids(Data data, int at, int count, Words out) {
        for (int i = 0; i < count; i++) {
            out.say(" ").u(data.i32(at + 4 * i));
        }
    }
}
