package dev.sluice.wire.startup;

import io.netty.buffer.ByteBuf;

/**
 * Asks for GSSAPI encryption: {@code Int32(8), Int32(80877104)}. Answered by one byte, {@code 'G'}
 * or {@code 'N'}.
 */
public record GSSENCRequest() implements StartupPacket {
    public static final int CODE = 1234 << 16 | 5680;

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(CODE);
    }
}
