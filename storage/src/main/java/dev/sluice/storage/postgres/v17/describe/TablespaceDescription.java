package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code tblspcdesc.c}, structs in {@code commands/tablespace.h}. */
final class TablespaceDescription implements ManagerDescription {
    private static final int CREATE = 0x00;
    private static final int DROP = 0x10;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case CREATE -> "CREATE";
            case DROP -> "DROP";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case CREATE -> out.u(data.i32(0)).say(" \"").say(data.text(4)).say("\"");
            case DROP -> out.u(data.i32(0));
            default -> {}
        }
    }
}
