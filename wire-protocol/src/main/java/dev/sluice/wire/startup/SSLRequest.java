package dev.sluice.wire.startup;

import io.netty.buffer.ByteBuf;

/**
 * Asks for TLS: {@code Int32(8), Int32(80877103)}. Answered by one byte, {@code 'S'} (the handshake
 * follows) or {@code 'N'}.
 */
public record SSLRequest() implements StartupPacket {
    public static final int CODE = 1234 << 16 | 5679;

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(CODE);
    }
}
