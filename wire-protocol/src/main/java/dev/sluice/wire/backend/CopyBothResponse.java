package dev.sluice.wire.backend;

import dev.sluice.wire.frame.Format;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * Both sides may send COPY data (replication): {@code 'W', length, Int8 overall format, Int16
 * count, Int16[] column formats}.
 */
public record CopyBothResponse(Format format, List<Format> columnFormats)
        implements BackendMessage {
    @Override
    public byte type() {
        return 'W';
    }

    static CopyBothResponse decode(ByteBuf body) {
        return new CopyBothResponse(
                Format.of(MessageFields.byte1(body, "COPY format")),
                MessageFields.formats(body, "column formats"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeByte(format.code());
        MessageFields.putFormats(out, columnFormats);
    }
}
