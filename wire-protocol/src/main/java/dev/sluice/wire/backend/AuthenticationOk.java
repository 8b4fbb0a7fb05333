package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** Authentication has succeeded: {@code 'R', length, Int32(0)}. */
public record AuthenticationOk() implements Authentication {
    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(0);
    }
}
