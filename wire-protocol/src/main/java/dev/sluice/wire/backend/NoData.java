package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** The statement or portal returns no rows: {@code 'n', length}. */
public record NoData() implements BackendMessage {
    @Override
    public byte type() {
        return 'n';
    }

    @Override
    public void encodeBody(ByteBuf out) {}
}
