package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import java.util.List;

/** A statement's parameters: {@code 't', length, Int16 count, Int32[] types}. */
public record ParameterDescription(List<Integer> types) implements BackendMessage {
    @Override
    public byte type() {
        return 't';
    }

    static ParameterDescription decode(ByteBuf body) {
        return new ParameterDescription(MessageFields.oids(body, "parameter types"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putOids(out, types);
    }
}
