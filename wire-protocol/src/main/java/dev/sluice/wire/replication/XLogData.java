package dev.sluice.wire.replication;

import dev.sluice.wire.Lsn;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * WAL from the primary: {@code 'w', Int64 start, Int64 end of WAL, Int64 time, bytes}.
 *
 * @param start position of the first byte of {@code data}
 * @param walEnd the end of WAL on the primary
 * @param sendTimeMicros the primary's clock
 * @param data a slice of the buffer it was decoded from: valid as long as that buffer is
 */
public record XLogData(Lsn start, Lsn walEnd, long sendTimeMicros, ByteBuf data)
        implements ReplicationMessage {
    static final byte TYPE = 'w';

    /** Bytes before {@code data}. */
    public static final int HEADER_BYTES = 25;

    static XLogData decode(ByteBuf in) {
        return new XLogData(
                new Lsn(MessageFields.int64(in, "start")),
                new Lsn(MessageFields.int64(in, "end of WAL")),
                MessageFields.int64(in, "send time"),
                MessageFields.rest(in));
    }

    /** Writes all but the data, for a sender that has it in a buffer of another kind. */
    public static void encodeHeader(ByteBuf out, Lsn start, Lsn walEnd, long sendTimeMicros) {
        out.writeByte(TYPE);
        out.writeLong(start.value());
        out.writeLong(walEnd.value());
        out.writeLong(sendTimeMicros);
    }

    @Override
    public void encode(ByteBuf out) {
        encodeHeader(out, start, walEnd, sendTimeMicros);
        MessageFields.putBytes(out, data);
    }
}
