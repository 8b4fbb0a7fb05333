package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * Part of a COPY stream: {@code 'd', length, bytes}. Clients may divide the stream anywhere.
 *
 * @param data a slice of the buffer it was decoded from: valid as long as that buffer is
 */
public record CopyData(ByteBuf data) implements FrontendMessage {
    @Override
    public byte type() {
        return 'd';
    }

    static CopyData decode(ByteBuf body) {
        return new CopyData(MessageFields.rest(body));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putBytes(out, data);
    }
}
