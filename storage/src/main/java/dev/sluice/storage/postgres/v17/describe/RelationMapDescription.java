package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code relmapdesc.c}, struct in {@code utils/relmapper.h}. */
final class RelationMapDescription implements ManagerDescription {
    private static final int UPDATE = 0x00;

    @Override
    public @Nullable String type(int info) {
        return info == UPDATE ? "UPDATE" : null;
    }

    @Override
    public void describe(WalRecord record, Words out) {
        if (record.rmgrInfo() == UPDATE) {
            Data data = Data.main(record);
            out.say("database ").u(data.i32(0)).say(" tablespace ").u(data.i32(4));
            out.say(" size ").d(data.i32(8));
        }
    }
}
