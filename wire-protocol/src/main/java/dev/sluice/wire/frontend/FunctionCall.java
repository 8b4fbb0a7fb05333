package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.Format;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Calls a function by object id (the "fast path").
 *
 * <pre>
 * 'F', length, Int32 function,
 * Int16 count, Int16[] argument formats,
 * Int16 count, (Int32 length or -1, bytes)[] arguments,
 * Int16 result format
 * </pre>
 *
 * @param arguments null for NULL; slices of the buffer it was decoded from: valid as long as that
 *     buffer is
 */
public record FunctionCall(
        int function,
        List<Format> argumentFormats,
        List<@Nullable ByteBuf> arguments,
        Format resultFormat)
        implements FrontendMessage {
    @Override
    public byte type() {
        return 'F';
    }

    static FunctionCall decode(ByteBuf body) {
        return new FunctionCall(
                MessageFields.int32(body, "function"),
                MessageFields.formats(body, "argument formats"),
                MessageFields.values(body, "arguments"),
                Format.of(MessageFields.int16(body, "result format")));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(function);
        MessageFields.putFormats(out, argumentFormats);
        MessageFields.putValues(out, arguments);
        out.writeShort(resultFormat.code());
    }
}
