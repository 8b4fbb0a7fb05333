package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/** A password in clear or hashed by MD5: {@code 'p', length, String password}. Never printed. */
public record PasswordMessage(String password) implements FrontendMessage {
    @Override
    public byte type() {
        return 'p';
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putString(out, password);
    }

    /** Decodes what the authentication exchange says is one of these. */
    public static PasswordMessage decode(ByteBuf body) {
        PasswordMessage message = new PasswordMessage(MessageFields.string(body, "password"));
        FrameHeader.requireEnd((byte) 'p', body);
        return message;
    }

    @Override
    public String toString() {
        return "PasswordMessage[redacted]";
    }
}
