package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code seqdesc.c}, struct in {@code commands/sequence.h}. */
final class SequenceDescription implements ManagerDescription {
    private static final int LOG = 0x00;

    @Override
    public @Nullable String type(int info) {
        return info == LOG ? "LOG" : null;
    }

    @Override
    public void describe(WalRecord record, Words out) {
        if (record.rmgrInfo() == LOG) {
            out.say("rel ").relation(Data.main(record), 0);
        }
    }
}
