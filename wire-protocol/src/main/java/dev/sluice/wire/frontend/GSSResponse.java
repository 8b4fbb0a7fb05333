package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * GSSAPI or SSPI data: {@code 'p', length, bytes}.
 *
 * @param data a slice of the buffer it was decoded from: valid as long as that buffer is
 */
public record GSSResponse(ByteBuf data) implements FrontendMessage {
    @Override
    public byte type() {
        return 'p';
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putBytes(out, data);
    }

    /** Decodes what the authentication exchange says is one of these. */
    public static GSSResponse decode(ByteBuf body) {
        return new GSSResponse(MessageFields.rest(body));
    }

    @Override
    public String toString() {
        return "GSSResponse[redacted]";
    }
}
