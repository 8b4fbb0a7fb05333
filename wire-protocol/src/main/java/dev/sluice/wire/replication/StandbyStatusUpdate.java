package dev.sluice.wire.replication;

import dev.sluice.wire.Lsn;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * How far a standby has come: {@code 'r', Int64 written, Int64 flushed, Int64 applied, Int64 time,
 * Byte1 reply}.
 *
 * @param written the last WAL byte + 1 received and written
 * @param flushed the same, on disk
 * @param applied the same, replayed
 * @param sendTimeMicros the standby's clock
 * @param replyRequested whether the primary should answer at once
 */
public record StandbyStatusUpdate(
        Lsn written, Lsn flushed, Lsn applied, long sendTimeMicros, boolean replyRequested)
        implements ReplicationMessage {
    static final byte TYPE = 'r';

    static StandbyStatusUpdate decode(ByteBuf in) {
        return new StandbyStatusUpdate(
                new Lsn(MessageFields.int64(in, "written")),
                new Lsn(MessageFields.int64(in, "flushed")),
                new Lsn(MessageFields.int64(in, "applied")),
                MessageFields.int64(in, "send time"),
                ReplicationMessage.flag(in, "reply request"));
    }

    @Override
    public void encode(ByteBuf out) {
        out.writeByte(TYPE);
        out.writeLong(written.value());
        out.writeLong(flushed.value());
        out.writeLong(applied.value());
        out.writeLong(sendTimeMicros);
        out.writeBoolean(replyRequested);
    }
}
