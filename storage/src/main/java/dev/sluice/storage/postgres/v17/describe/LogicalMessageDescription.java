package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code logicalmsgdesc.c}, struct in {@code replication/message.h}. */
final class LogicalMessageDescription implements ManagerDescription {
    private static final int MESSAGE = 0x00;
    private static final int TEXT_AT = 24;

    @Override
    public @Nullable String type(int info) {
        return info == MESSAGE ? "MESSAGE" : null;
    }

    @Override
    public void describe(WalRecord record, Words out) {
        if (record.rmgrInfo() != MESSAGE) {
            return;
        }
        Data data = Data.main(record);
        int prefix = data.checked(Math.toIntExact(data.i64(8)), TEXT_AT, 1);
        int payloadAt = TEXT_AT + prefix;
        int payload = data.checked(Math.toIntExact(data.i64(16)), payloadAt, 1);
        out.say(data.flag(4) ? "transactional" : "non-transactional");
        out.say(", prefix \"").say(data.text(TEXT_AT, prefix));
        out.say("\"; payload (").d(payload).say(" bytes): ");
        for (int i = 0; i < payload; i++) {
            out.say(i == 0 ? "" : " ").hexByte(data.u8(payloadAt + i));
        }
    }
}
