package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.Format;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes a portal from a prepared statement.
 *
 * <pre>
 * 'B', length, String portal, String statement,
 * Int16 count, Int16[] parameter formats,
 * Int16 count, (Int32 length or -1, bytes)[] parameters,
 * Int16 count, Int16[] result formats
 * </pre>
 *
 * @param parameterFormats none (all text), one (for all) or one each
 * @param parameters null for NULL; slices of the buffer it was decoded from: valid as long as that
 *     buffer is
 * @param resultFormats none (all text), one (for all) or one each
 */
public record Bind(
        String portal,
        String statement,
        List<Format> parameterFormats,
        List<@Nullable ByteBuf> parameters,
        List<Format> resultFormats)
        implements FrontendMessage {
    @Override
    public byte type() {
        return 'B';
    }

    static Bind decode(ByteBuf body) {
        return new Bind(
                MessageFields.string(body, "portal name"),
                MessageFields.string(body, "statement name"),
                MessageFields.formats(body, "parameter formats"),
                MessageFields.values(body, "parameter values"),
                MessageFields.formats(body, "result formats"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putString(out, portal);
        MessageFields.putString(out, statement);
        MessageFields.putFormats(out, parameterFormats);
        MessageFields.putValues(out, parameters);
        MessageFields.putFormats(out, resultFormats);
    }
}
