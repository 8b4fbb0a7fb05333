package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** Parse is done: {@code '1', length}. */
public record ParseComplete() implements BackendMessage {
    @Override
    public byte type() {
        return '1';
    }

    @Override
    public void encodeBody(ByteBuf out) {}
}
