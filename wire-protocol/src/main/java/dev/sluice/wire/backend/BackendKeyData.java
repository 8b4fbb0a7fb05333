package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import dev.sluice.wire.startup.CancelKey;
import io.netty.buffer.ByteBuf;

/**
 * What a later CancelRequest must name: {@code 'K', length, Int32 process id, bytes key}.
 *
 * @param key four bytes up to protocol 3.0, up to 256 from 3.2 on
 */
public record BackendKeyData(int processId, CancelKey key) implements BackendMessage {
    @Override
    public byte type() {
        return 'K';
    }

    static BackendKeyData decode(ByteBuf body) {
        return new BackendKeyData(MessageFields.int32(body, "process id"), CancelKey.decode(body));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(processId);
        key.encode(out);
    }
}
