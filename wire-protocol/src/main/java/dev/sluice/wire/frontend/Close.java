package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/** Closes a prepared statement or portal: {@code 'C', length, Byte1 'S' or 'P', String name}. */
public record Close(Target target, String name) implements FrontendMessage {
    @Override
    public byte type() {
        return 'C';
    }

    static Close decode(ByteBuf body) {
        return new Close(Target.decode(body), MessageFields.string(body, "name"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeByte(target.code());
        MessageFields.putString(out, name);
    }
}
