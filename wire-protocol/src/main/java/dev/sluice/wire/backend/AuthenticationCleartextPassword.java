package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** A password in clear is required: {@code 'R', length, Int32(3)}. */
public record AuthenticationCleartextPassword() implements Authentication {
    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(3);
    }
}
