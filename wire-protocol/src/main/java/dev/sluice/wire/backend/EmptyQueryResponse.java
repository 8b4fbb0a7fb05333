package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** The query string was empty; in place of CommandComplete: {@code 'I', length}. */
public record EmptyQueryResponse() implements BackendMessage {
    @Override
    public byte type() {
        return 'I';
    }

    @Override
    public void encodeBody(ByteBuf out) {}
}
