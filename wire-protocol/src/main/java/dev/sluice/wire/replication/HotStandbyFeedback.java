package dev.sluice.wire.replication;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * What a standby's queries still need: {@code 'h', Int64 time, Int32 xmin, Int32 epoch, Int32
 * catalog xmin, Int32 epoch}. Transaction ids are unsigned; zero means none.
 *
 * @param sendTimeMicros the standby's clock
 */
public record HotStandbyFeedback(
        long sendTimeMicros, int xmin, int xminEpoch, int catalogXmin, int catalogXminEpoch)
        implements ReplicationMessage {
    static final byte TYPE = 'h';

    static HotStandbyFeedback decode(ByteBuf in) {
        return new HotStandbyFeedback(
                MessageFields.int64(in, "send time"),
                MessageFields.int32(in, "xmin"),
                MessageFields.int32(in, "xmin epoch"),
                MessageFields.int32(in, "catalog xmin"),
                MessageFields.int32(in, "catalog xmin epoch"));
    }

    @Override
    public void encode(ByteBuf out) {
        out.writeByte(TYPE);
        out.writeLong(sendTimeMicros);
        out.writeInt(xmin);
        out.writeInt(xminEpoch);
        out.writeInt(catalogXmin);
        out.writeInt(catalogXminEpoch);
    }
}
