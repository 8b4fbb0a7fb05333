package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;

/**
 * A command is done: {@code 'C', length, String tag}.
 *
 * @param tag such as {@code INSERT 0 1} or {@code SELECT 42}
 */
public record CommandComplete(String tag) implements BackendMessage {
    @Override
    public byte type() {
        return 'C';
    }

    static CommandComplete decode(ByteBuf body) {
        return new CommandComplete(MessageFields.string(body, "command tag"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putString(out, tag);
    }
}
