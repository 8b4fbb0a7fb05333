package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * SASL is required: {@code 'R', length, Int32(10), String[] mechanisms, Byte1(0)}.
 *
 * @param mechanisms the most preferred first
 */
public record AuthenticationSASL(List<String> mechanisms) implements Authentication {
    static AuthenticationSASL decode(ByteBuf body) {
        List<String> mechanisms = new ArrayList<>();
        String name = MessageFields.string(body, "mechanism");
        while (!name.isEmpty()) {
            mechanisms.add(name);
            name = MessageFields.string(body, "mechanism");
        }
        return new AuthenticationSASL(Collections.unmodifiableList(mechanisms));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(10);
        for (String mechanism : mechanisms) {
            MessageFields.putString(out, mechanism);
        }
        out.writeByte(0);
    }
}
