package dev.sluice.wire.frontend;

import io.netty.buffer.ByteBuf;

/**
 * Ends an extended query's implicit transaction; answered by ReadyForQuery: {@code 'S', length}.
 */
public record Sync() implements FrontendMessage {
    @Override
    public byte type() {
        return 'S';
    }

    @Override
    public void encodeBody(ByteBuf out) {}
}
