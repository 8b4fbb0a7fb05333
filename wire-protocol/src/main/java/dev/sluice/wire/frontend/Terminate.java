package dev.sluice.wire.frontend;

import io.netty.buffer.ByteBuf;

/** Says goodbye: {@code 'X', length}. */
public record Terminate() implements FrontendMessage {
    @Override
    public byte type() {
        return 'X';
    }

    @Override
    public void encodeBody(ByteBuf out) {}
}
