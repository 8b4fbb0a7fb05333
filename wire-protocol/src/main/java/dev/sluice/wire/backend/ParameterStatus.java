package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/** A setting that clients care about: {@code 'S', length, String name, String value}. */
public record ParameterStatus(String name, String value) implements BackendMessage {
    @Override
    public byte type() {
        return 'S';
    }

    static ParameterStatus decode(ByteBuf body) {
        return new ParameterStatus(
                MessageFields.string(body, "name"), MessageFields.string(body, "value"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putString(out, name);
        MessageFields.putString(out, value);
    }
}
