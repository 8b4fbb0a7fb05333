package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/** The server waits for a query: {@code 'Z', length, Byte1 status}. */
public record ReadyForQuery(TransactionStatus status) implements BackendMessage {
    @Override
    public byte type() {
        return 'Z';
    }

    static ReadyForQuery decode(ByteBuf body) {
        return new ReadyForQuery(
                TransactionStatus.of((byte) MessageFields.byte1(body, "transaction status")));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeByte(status.code());
    }
}
