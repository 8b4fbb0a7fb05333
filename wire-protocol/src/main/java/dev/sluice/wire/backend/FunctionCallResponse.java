package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A fast-path call's result: {@code 'V', length, Int32 length or -1, bytes}.
 *
 * @param result null for NULL; a slice of the buffer it was decoded from: valid as long as that
 *     buffer is
 */
public record FunctionCallResponse(@Nullable ByteBuf result) implements BackendMessage {
    @Override
    public byte type() {
        return 'V';
    }

    static FunctionCallResponse decode(ByteBuf body) {
        return new FunctionCallResponse(MessageFields.value(body, "result"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putValue(out, result);
    }
}
