package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** Kerberos V5 is required (no server since 9.3 sends it): {@code 'R', length, Int32(2)}. */
public record AuthenticationKerberosV5() implements Authentication {
    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(2);
    }
}
