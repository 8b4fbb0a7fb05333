package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/** A simple query: {@code 'Q', length, String query}. */
public record Query(String query) implements FrontendMessage {
    @Override
    public byte type() {
        return 'Q';
    }

    static Query decode(ByteBuf body) {
        return new Query(MessageFields.string(body, "query"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putString(out, query);
    }
}
