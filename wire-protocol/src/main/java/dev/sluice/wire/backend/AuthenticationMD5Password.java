package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * A password hashed by MD5 with a salt of four bytes is required: {@code 'R', length, Int32(5),
 * bytes}.
 *
 * @param salt a slice of the buffer it was decoded from: valid as long as that buffer is
 */
public record AuthenticationMD5Password(ByteBuf salt) implements Authentication {
    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(5);
        MessageFields.putBytes(out, salt);
    }
}
