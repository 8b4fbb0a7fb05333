package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * The server's last data, after the client's proof was right: {@code 'R', length, Int32(12),
 * bytes}.
 *
 * @param data a slice of the buffer it was decoded from: valid as long as that buffer is
 */
public record AuthenticationSASLFinal(ByteBuf data) implements Authentication {
    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(12);
        MessageFields.putBytes(out, data);
    }
}
