package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * A later step of a SASL exchange: {@code 'p', length, bytes}.
 *
 * @param data a slice of the buffer it was decoded from: valid as long as that buffer is
 */
public record SASLResponse(ByteBuf data) implements FrontendMessage {
    @Override
    public byte type() {
        return 'p';
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putBytes(out, data);
    }

    /** Decodes what the authentication exchange says is one of these. */
    public static SASLResponse decode(ByteBuf body) {
        return new SASLResponse(MessageFields.rest(body));
    }
}
