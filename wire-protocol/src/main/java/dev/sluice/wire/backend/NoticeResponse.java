package dev.sluice.wire.backend;

import io.netty.buffer.ByteBuf;

/** A notice or warning: {@code 'N', length, (Byte1 field code, String value)[], Byte1(0)}. */
public record NoticeResponse(Diagnostic diagnostic) implements BackendMessage {
    @Override
    public byte type() {
        return 'N';
    }

    static NoticeResponse decode(ByteBuf body) {
        return new NoticeResponse(Diagnostic.decode(body));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        diagnostic.encode(out);
    }
}
