package dev.sluice.wire.backend;

import dev.sluice.wire.frame.Format;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * The server waits for COPY data: {@code 'G', length, Int8 overall format, Int16 count, Int16[]
 * column formats}.
 */
public record CopyInResponse(Format format, List<Format> columnFormats) implements BackendMessage {
    @Override
    public byte type() {
        return 'G';
    }

    static CopyInResponse decode(ByteBuf body) {
        return new CopyInResponse(
                Format.of(MessageFields.byte1(body, "COPY format")),
                MessageFields.formats(body, "column formats"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeByte(format.code());
        MessageFields.putFormats(out, columnFormats);
    }
}
