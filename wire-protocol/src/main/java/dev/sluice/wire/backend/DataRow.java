package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A row: {@code 'D', length, Int16 count, (Int32 length or -1, bytes)[] columns}.
 *
 * @param columns null for NULL; slices of the buffer it was decoded from: valid as long as that
 *     buffer is
 */
public record DataRow(List<@Nullable ByteBuf> columns) implements BackendMessage {
    @Override
    public byte type() {
        return 'D';
    }

    static DataRow decode(ByteBuf body) {
        return new DataRow(MessageFields.values(body, "columns"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putValues(out, columns);
    }
}
