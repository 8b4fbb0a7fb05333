package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code smgrdesc.c}, structs in {@code catalog/storage_xlog.h}. */
final class StorageDescription implements ManagerDescription {
    private static final int CREATE = 0x10;
    private static final int TRUNCATE = 0x20;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case CREATE -> "CREATE";
            case TRUNCATE -> "TRUNCATE";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case CREATE -> {
                int fork = data.i32(12);
                boolean known = fork >= 0 && fork <= Fork.INIT.number();
                out.path(data, 0, known ? Fork.ofNumber(fork).suffix() : " fork " + fork);
            }
            case TRUNCATE ->
                    out.path(data, 4, "")
                            .say(" to ")
                            .u(data.i32(0))
                            .say(" blocks flags ")
                            .d(data.i32(16));
            default -> {}
        }
    }
}
