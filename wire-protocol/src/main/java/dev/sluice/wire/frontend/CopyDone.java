package dev.sluice.wire.frontend;

import io.netty.buffer.ByteBuf;

/** The end of a COPY stream: {@code 'c', length}. */
public record CopyDone() implements FrontendMessage {
    @Override
    public byte type() {
        return 'c';
    }

    @Override
    public void encodeBody(ByteBuf out) {}
}
