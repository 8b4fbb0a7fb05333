package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code mxactdesc.c}, structs in {@code access/multixact.h}. */
final class MultixactDescription implements ManagerDescription {
    private static final int ZERO_OFF_PAGE = 0x00;
    private static final int ZERO_MEM_PAGE = 0x10;
    private static final int CREATE_ID = 0x20;
    private static final int TRUNCATE_ID = 0x30;

    private static final int MEMBERS_AT = 12;
    private static final int MEMBER_BYTES = 8;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case ZERO_OFF_PAGE -> "ZERO_OFF_PAGE";
            case ZERO_MEM_PAGE -> "ZERO_MEM_PAGE";
            case CREATE_ID -> "CREATE_ID";
            case TRUNCATE_ID -> "TRUNCATE_ID";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case ZERO_OFF_PAGE, ZERO_MEM_PAGE -> out.d(data.i64(0));
            case CREATE_ID -> create(data, out);
            case TRUNCATE_ID -> {
                out.say("offsets [").u(data.i32(4)).say(", ").u(data.i32(8));
                out.say("), members [").u(data.i32(12)).say(", ").u(data.i32(16)).say(")");
            }
            default -> {}
        }
    }

    private static void create(Data data, Words out) {
        int count = data.checked(data.i32(8), MEMBERS_AT, MEMBER_BYTES);
        out.u(data.i32(0)).say(" offset ").u(data.i32(4)).say(" nmembers ").d(count).say(": ");
        for (int i = 0; i < count; i++) {
            int at = MEMBERS_AT + MEMBER_BYTES * i;
            out.u(data.i32(at)).say(" (").say(status(data.i32(at + 4))).say(") ");
        }
    }

    private static String status(int status) {
        return switch (status) {
            case 0 -> "keysh";
            case 1 -> "sh";
            case 2 -> "fornokeyupd";
            case 3 -> "forupd";
            case 4 -> "nokeyupd";
            case 5 -> "upd";
            default -> "unk";
        };
    }
}
