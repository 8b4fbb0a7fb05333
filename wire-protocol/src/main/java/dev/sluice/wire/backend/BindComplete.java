package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** Bind is done: {@code '2', length}. */
public record BindComplete() implements BackendMessage {
    @Override
    public byte type() {
        return '2';
    }

    @Override
    public void encodeBody(ByteBuf out) {}
}
