package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * The server's challenge: {@code 'R', length, Int32(11), bytes}.
 *
 * @param data a slice of the buffer it was decoded from: valid as long as that buffer is
 */
public record AuthenticationSASLContinue(ByteBuf data) implements Authentication {
    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(11);
        MessageFields.putBytes(out, data);
    }
}
