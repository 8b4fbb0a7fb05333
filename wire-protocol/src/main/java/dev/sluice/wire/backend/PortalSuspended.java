package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** Execute's row limit was reached: {@code 's', length}. */
public record PortalSuspended() implements BackendMessage {
    @Override
    public byte type() {
        return 's';
    }

    @Override
    public void encodeBody(ByteBuf out) {}
}
