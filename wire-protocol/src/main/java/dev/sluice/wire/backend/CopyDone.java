package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** The end of a COPY stream: {@code 'c', length}. */
public record CopyDone() implements BackendMessage {
    @Override
    public byte type() {
        return 'c';
    }

    @Override
    public void encodeBody(ByteBuf out) {}
}
