package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code committsdesc.c}, structs in {@code access/commit_ts.h}. */
final class CommitTimestampDescription implements ManagerDescription {
    private static final int ZEROPAGE = 0x00;
    private static final int TRUNCATE = 0x10;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case ZEROPAGE -> "ZEROPAGE";
            case TRUNCATE -> "TRUNCATE";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case ZEROPAGE -> out.d(data.i64(0));
            case TRUNCATE -> out.say("pageno ").d(data.i64(0)).say(", oldestXid ").u(data.i32(8));
            default -> {}
        }
    }
}
