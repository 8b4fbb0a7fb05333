package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** An error: {@code 'E', length, (Byte1 field code, String value)[], Byte1(0)}. */
public record ErrorResponse(Diagnostic diagnostic) implements BackendMessage {
    @Override
    public byte type() {
        return 'E';
    }

    static ErrorResponse decode(ByteBuf body) {
        return new ErrorResponse(Diagnostic.decode(body));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        diagnostic.encode(out);
    }
}
