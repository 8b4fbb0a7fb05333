package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * GSSAPI or SSPI data: {@code 'R', length, Int32(8), bytes}.
 *
 * @param data a slice of the buffer it was decoded from: valid as long as that buffer is
 */
public record AuthenticationGSSContinue(ByteBuf data) implements Authentication {
    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(8);
        MessageFields.putBytes(out, data);
    }
}
