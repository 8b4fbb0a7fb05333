package dev.sluice.wire.replication;

import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.MessageFields;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;

/**
 * The content of a CopyData message while WAL is streamed (the manual's "Streaming Replication
 * Protocol"). Times are microseconds since 2000-01-01 00:00 UTC.
 */
public sealed interface ReplicationMessage
        permits XLogData, PrimaryKeepalive, StandbyStatusUpdate, HotStandbyFeedback {

    /** Writes the type byte and the fields: what goes into CopyData. */
    void encode(ByteBuf out);

    /**
     * Decodes the content of a CopyData message, all of it.
     *
     * @throws WireFormatException if the type is unknown or the content is not of its form
     */
    static ReplicationMessage decode(ByteBuf data) {
        byte type = (byte) MessageFields.byte1(data, "replication message type");
        ReplicationMessage message =
                switch (type) {
                    case XLogData.TYPE -> XLogData.decode(data);
                    case PrimaryKeepalive.TYPE -> PrimaryKeepalive.decode(data);
                    case StandbyStatusUpdate.TYPE -> StandbyStatusUpdate.decode(data);
                    case HotStandbyFeedback.TYPE -> HotStandbyFeedback.decode(data);
                    default ->
                            throw new WireFormatException(
                                    "invalid replication message type "
                                            + FrameHeader.typeName(type));
                };
        FrameHeader.requireEnd(type, data);
        return message;
    }

    /** One byte, zero or one. */
    static boolean flag(ByteBuf data, String field) {
        int value = MessageFields.byte1(data, field);
        if (value != 0 && value != 1) {
            throw new WireFormatException(field + " is " + value + " (0 or 1)");
        }
        return value == 1;
    }
}
