package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code clogdesc.c}, structs in {@code access/clog.h}. */
final class CommitLogDescription implements ManagerDescription {
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
            case ZEROPAGE -> out.say("page ").d(data.i64(0));
            case TRUNCATE -> out.say("page ").d(data.i64(0)).say("; oldestXact ").u(data.i32(8));
            default -> {}
        }
    }
}
