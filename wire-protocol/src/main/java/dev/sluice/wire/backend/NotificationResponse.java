package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * A NOTIFY arrived: {@code 'A', length, Int32 process id, String channel, String payload}.
 *
 * @param processId of the session that notified
 */
public record NotificationResponse(int processId, String channel, String payload)
        implements BackendMessage {
    @Override
    public byte type() {
        return 'A';
    }

    static NotificationResponse decode(ByteBuf body) {
        return new NotificationResponse(
                MessageFields.int32(body, "process id"),
                MessageFields.string(body, "channel"),
                MessageFields.string(body, "payload"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(processId);
        MessageFields.putString(out, channel);
        MessageFields.putString(out, payload);
    }
}
