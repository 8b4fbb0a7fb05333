package dev.sluice.wire.replication;

import dev.sluice.wire.Lsn;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * A sign of life from the primary: {@code 'k', Int64 end of WAL, Int64 time, Byte1 reply}.
 *
 * @param walEnd the end of WAL on the primary
 * @param sendTimeMicros the primary's clock
 * @param replyRequested whether the standby should answer at once, to avoid a timeout
 */
public record PrimaryKeepalive(Lsn walEnd, long sendTimeMicros, boolean replyRequested)
        implements ReplicationMessage {
    static final byte TYPE = 'k';

    static PrimaryKeepalive decode(ByteBuf in) {
        return new PrimaryKeepalive(
                new Lsn(MessageFields.int64(in, "end of WAL")),
                MessageFields.int64(in, "send time"),
                ReplicationMessage.flag(in, "reply request"));
    }

    @Override
    public void encode(ByteBuf out) {
        out.writeByte(TYPE);
        out.writeLong(walEnd.value());
        out.writeLong(sendTimeMicros);
        out.writeBoolean(replyRequested);
    }
}
