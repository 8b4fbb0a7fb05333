package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The client's choice of mechanism and its first data: {@code 'p', length, String mechanism, Int32
 * length or -1, bytes}.
 *
 * @param data null if there is none; a slice of the buffer it was decoded from: valid as long as
 *     that buffer is
 */
public record SASLInitialResponse(String mechanism, @Nullable ByteBuf data)
        implements FrontendMessage {
    @Override
    public byte type() {
        return 'p';
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putString(out, mechanism);
        MessageFields.putValue(out, data);
    }

    /** Decodes what the authentication exchange says is one of these. */
    public static SASLInitialResponse decode(ByteBuf body) {
        SASLInitialResponse message =
                new SASLInitialResponse(
                        MessageFields.string(body, "mechanism"),
                        MessageFields.value(body, "initial response"));
        FrameHeader.requireEnd((byte) 'p', body);
        return message;
    }
}
