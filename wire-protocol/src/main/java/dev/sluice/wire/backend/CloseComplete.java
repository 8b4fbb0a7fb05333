package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** Close is done: {@code '3', length}. */
public record CloseComplete() implements BackendMessage {
    @Override
    public byte type() {
        return '3';
    }

    @Override
    public void encodeBody(ByteBuf out) {}
}
