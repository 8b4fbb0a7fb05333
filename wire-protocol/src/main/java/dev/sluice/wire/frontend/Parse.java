package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * Makes a prepared statement: {@code 'P', length, String name, String query, Int16 count, Int32[]
 * parameter types}.
 *
 * @param parameterTypes object ids as far as the client names them; zero leaves one open
 */
public record Parse(String name, String query, List<Integer> parameterTypes)
        implements FrontendMessage {
    @Override
    public byte type() {
        return 'P';
    }

    static Parse decode(ByteBuf body) {
        return new Parse(
                MessageFields.string(body, "statement name"),
                MessageFields.string(body, "query"),
                MessageFields.oids(body, "parameter types"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putString(out, name);
        MessageFields.putString(out, query);
        MessageFields.putOids(out, parameterTypes);
    }
}
