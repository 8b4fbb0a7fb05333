package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code replorigindesc.c}, structs in {@code replication/origin.h}. */
final class ReplicationOriginDescription implements ManagerDescription {
    private static final int SET = 0x00;
    private static final int DROP = 0x10;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case SET -> "SET";
            case DROP -> "DROP";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case SET -> {
                out.say("set ").u(data.u16(8)).say("; lsn ").lsn(data.i64(0));
                out.say("; force: ").d(data.u8(10));
            }
            case DROP -> out.say("drop ").u(data.u16(0));
            default -> {}
        }
    }
}
