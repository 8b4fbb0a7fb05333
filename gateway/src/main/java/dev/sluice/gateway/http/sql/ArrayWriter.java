package dev.sluice.gateway.http.sql;

import com.fasterxml.jackson.core.JsonGenerator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;

/**
 * Makes JSON of an array in Postgres's text format ({@code array_out}): {@code [0:1]={1,NULL}},
 * {@code {{a,"b \"c\""}}}.
 *
 * @param delimiter between elements
 * @param elements makes JSON of an element
 */
record ArrayWriter(char delimiter, ValueWriter elements) implements ValueWriter {

    @Override
    public void write(JsonGenerator json, ByteBuf value) throws IOException {
        int start = value.indexOf(value.readerIndex(), value.writerIndex(), (byte) '{');
        if (start < 0) {
            throw new IOException("not an array: " + value.readableBytes() + " bytes without {");
        }
        ByteBuf in = value.slice(start, value.writerIndex() - start);
        int depth = 0;
        do {
            byte c = next(in);
            if (c == '{') {
                depth++;
                json.writeStartArray();
            } else if (c == '}') {
                depth--;
                json.writeEndArray();
            } else if (c != delimiter) {
                element(json, in, c);
            }
        } while (depth > 0);
        if (in.isReadable()) {
            throw new IOException("an array goes on after its end");
        }
    }

    private static byte next(ByteBuf in) throws IOException {
        if (!in.isReadable()) {
            throw new IOException("an array ends too early");
        }
        return in.readByte();
    }

    private void element(JsonGenerator json, ByteBuf in, byte first) throws IOException {
        ByteBuf text = Unpooled.buffer(32);
        boolean quoted = first == '"';
        byte c = first;
        if (quoted) {
            c = next(in);
        }
        while (quoted ? c != '"' : c != delimiter && c != '}') {
            text.writeByte(c == '\\' ? next(in) : c);
            c = next(in);
        }
        if (!quoted) {
            in.readerIndex(in.readerIndex() - 1);
        }
        if (!quoted && isNull(text)) {
            json.writeNull();
        } else {
            elements.write(json, text);
        }
    }

    private static boolean isNull(ByteBuf text) {
        return text.readableBytes() == 4
                && text.getByte(0) == 'N'
                && text.getByte(1) == 'U'
                && text.getByte(2) == 'L'
                && text.getByte(3) == 'L';
    }
}
