package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** GSSAPI authentication is required: {@code 'R', length, Int32(7)}. */
public record AuthenticationGSS() implements Authentication {
    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(7);
    }
}
