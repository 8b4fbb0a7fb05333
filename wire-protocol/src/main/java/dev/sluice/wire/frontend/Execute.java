package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * Runs a portal: {@code 'E', length, String portal, Int32 maximum rows}.
 *
 * @param maxRows zero for no limit
 */
public record Execute(String portal, int maxRows) implements FrontendMessage {
    @Override
    public byte type() {
        return 'E';
    }

    static Execute decode(ByteBuf body) {
        return new Execute(
                MessageFields.string(body, "portal name"), MessageFields.int32(body, "row limit"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putString(out, portal);
        out.writeInt(maxRows);
    }
}
