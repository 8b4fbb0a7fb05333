package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** SSPI authentication is required: {@code 'R', length, Int32(9)}. */
public record AuthenticationSSPI() implements Authentication {
    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(9);
    }
}
