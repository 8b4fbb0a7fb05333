package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code dbasedesc.c}, structs in {@code commands/dbcommands_xlog.h}. */
final class DatabaseDescription implements ManagerDescription {
    private static final int CREATE_FILE_COPY = 0x00;
    private static final int CREATE_WAL_LOG = 0x10;
    private static final int DROP = 0x20;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case CREATE_FILE_COPY -> "CREATE_FILE_COPY";
            case CREATE_WAL_LOG -> "CREATE_WAL_LOG";
            case DROP -> "DROP";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case CREATE_FILE_COPY -> {
                out.say("copy dir ").u(data.i32(12)).say("/").u(data.i32(8));
                out.say(" to ").u(data.i32(4)).say("/").u(data.i32(0));
            }
            case CREATE_WAL_LOG -> out.say("create dir ").u(data.i32(4)).say("/").u(data.i32(0));
            case DROP -> {
                out.say("dir");
                int tablespaces = data.checked(data.i32(4), 8, 4);
                for (int i = 0; i < tablespaces; i++) {
                    out.say(" ").u(data.i32(8 + 4 * i)).say("/").u(data.i32(0));
                }
            }
            default -> {}
        }
    }
}
