package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/** Gives a COPY up: {@code 'f', length, String message}. */
public record CopyFail(String message) implements FrontendMessage {
    @Override
    public byte type() {
        return 'f';
    }

    static CopyFail decode(ByteBuf body) {
        return new CopyFail(MessageFields.string(body, "message"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putString(out, message);
    }
}
