package dev.sluice.wire.frontend;

import io.netty.buffer.ByteBuf;

/** Asks for all pending output: {@code 'H', length}. */
public record Flush() implements FrontendMessage {
    @Override
    public byte type() {
        return 'H';
    }

    @Override
    public void encodeBody(ByteBuf out) {}
}
