package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * Asks what a prepared statement or portal takes and returns: {@code 'D', length, Byte1 'S' or 'P',
 * String name}.
 */
public record Describe(Target target, String name) implements FrontendMessage {
    @Override
    public byte type() {
        return 'D';
    }

    static Describe decode(ByteBuf body) {
        return new Describe(Target.decode(body), MessageFields.string(body, "name"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeByte(target.code());
        MessageFields.putString(out, name);
    }
}
