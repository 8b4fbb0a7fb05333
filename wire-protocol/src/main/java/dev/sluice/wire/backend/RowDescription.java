package dev.sluice.wire.backend;

import dev.sluice.wire.frame.Format;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The columns of the rows that follow: {@code 'T', length, Int16 count}, then for each {@code
 * String name, Int32 table, Int16 attribute, Int32 type, Int16 type size, Int32 type modifier,
 * Int16 format}.
 */
public record RowDescription(List<Field> fields) implements BackendMessage {
    @Override
    public byte type() {
        return 'T';
    }

    static RowDescription decode(ByteBuf body) {
        int count = MessageFields.countOf(body, Field.MIN_BYTES, "columns");
        List<Field> fields = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            fields.add(Field.decode(body));
        }
        return new RowDescription(Collections.unmodifiableList(fields));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        MessageFields.putCount(out, fields.size());
        for (Field field : fields) {
            field.encode(out);
        }
    }

    /**
     * A column.
     *
     * @param table object id of the table it is a column of, or 0
     * @param attribute number in that table, or 0
     * @param type object id of its type
     * @param typeSize {@code pg_type.typlen}: negative for variable width
     * @param typeModifier {@code pg_attribute.atttypmod}
     */
    public record Field(
            String name,
            int table,
            int attribute,
            int type,
            int typeSize,
            int typeModifier,
            Format format) {
        private static final int MIN_BYTES = 19;

        private static Field decode(ByteBuf body) {
            return new Field(
                    MessageFields.string(body, "column name"),
                    MessageFields.int32(body, "table"),
                    MessageFields.int16(body, "attribute"),
                    MessageFields.int32(body, "type"),
                    MessageFields.int16(body, "type size"),
                    MessageFields.int32(body, "type modifier"),
                    Format.of(MessageFields.int16(body, "format")));
        }

        private void encode(ByteBuf out) {
            MessageFields.putString(out, name);
            out.writeInt(table);
            out.writeShort(attribute);
            out.writeInt(type);
            out.writeShort(typeSize);
            out.writeInt(typeModifier);
            out.writeShort(format.code());
        }
    }
}
