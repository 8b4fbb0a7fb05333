package dev.sluice.wire.backend;

import dev.sluice.wire.frame.Format;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * COPY data follows: {@code 'H', length, Int8 overall format, Int16 count, Int16[] column formats}.
 */
public record CopyOutResponse(Format format, List<Format> columnFormats) implements BackendMessage {
    @Override
    public byte type() {
        return 'H';
    }

    static CopyOutResponse decode(ByteBuf body) {
        return new CopyOutResponse(
                Format.of(MessageFields.byte1(body, "COPY format")),
                MessageFields.formats(body, "column formats"));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeByte(format.code());
        MessageFields.putFormats(out, columnFormats);
    }
}
