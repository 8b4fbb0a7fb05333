package dev.sluice.wire.startup;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * Asks that another connection's query be cancelled: {@code Int32 length, Int32(80877102), Int32
 * process id, bytes key}. Never answered.
 */
public record CancelRequest(int processId, CancelKey key) implements StartupPacket {
    static final int CODE = 1234 << 16 | 5678;

    static CancelRequest decode(ByteBuf body) {
        return new CancelRequest(MessageFields.int32(body, "process id"), CancelKey.decode(body));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(CODE);
        out.writeInt(processId);
        key.encode(out);
    }
}
