package dev.sluice.gateway.http.sql;

import com.fasterxml.jackson.core.JsonGenerator;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;

/**
 * Makes JSON of a value in Postgres's text format. Booleans, two- and four-byte integers and floats
 * (those that JSON has: no NaN, no infinities) become what they are in JSON; {@code json} and
 * {@code jsonb} are embedded; arrays of built-in types become arrays, without their bounds;
 * everything else is a string, eight-byte integers among it, which JavaScript's numbers cannot
 * hold.
 */
interface ValueWriter {
    void write(JsonGenerator json, ByteBuf value) throws IOException;

    /** As it is, in a string. */
    ValueWriter TEXT =
            (json, value) ->
                    json.writeUTF8String(
                            value.array(),
                            value.arrayOffset() + value.readerIndex(),
                            value.readableBytes());

    private static ValueWriter scalar(int type) {
        return switch (type) {
            case 16 ->
                    (json, value) -> json.writeBoolean(value.getByte(value.readerIndex()) == 't');
            case 21, 23 -> (json, value) -> json.writeRawValue(ascii(value));
            case 700, 701 -> ValueWriter::number;
            case 114, 3802 ->
                    (json, value) -> json.writeRawValue(value.toString(StandardCharsets.UTF_8));
            default -> TEXT;
        };
    }

    private static void number(JsonGenerator json, ByteBuf value) throws IOException {
        byte last = value.getByte(value.writerIndex() - 1);
        if (last >= '0' && last <= '9') {
            json.writeRawValue(ascii(value));
        } else {
            TEXT.write(json, value);
        }
    }

    private static String ascii(ByteBuf value) {
        return value.toString(StandardCharsets.US_ASCII);
    }

    /** The type of the elements, for arrays whose elements are not strings in JSON. */
    Map<Integer, Integer> ELEMENTS =
            Map.of(1000, 16, 1005, 21, 1007, 23, 1021, 700, 1022, 701, 199, 114, 3807, 3802);

    /** {@code pg_type.dat}: the arrays of built-in types, those of {@link #ELEMENTS} excepted. */
    Set<Integer> ARRAYS =
            Set.of(
                    143, 210, 270, 271, 272, 273, 629, 651, 719, 775, 791, 1001, 1002, 1003, 1006,
                    1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1017, 1018, 1019, 1020,
                    1027, 1028, 1034, 1040, 1041, 1115, 1182, 1183, 1185, 1187, 1231, 1263, 1270,
                    1561, 1563, 2201, 2207, 2208, 2209, 2210, 2211, 2949, 2951, 3221, 3643, 3644,
                    3645, 3735, 3770, 3905, 3907, 3909, 3911, 3913, 3927, 4073, 4090, 4097, 4192,
                    5039, 6150, 6151, 6152, 6153, 6155, 6157);

    /** Of all built-in types, only boxes are not separated by commas. */
    int BOX_ARRAY = 1020;

    /**
     * @param type the object id of a column's type
     */
    static ValueWriter of(int type) {
        Integer element = ELEMENTS.get(type);
        if (element != null) {
            return new ArrayWriter(',', scalar(element));
        }
        return ARRAYS.contains(type)
                ? new ArrayWriter(type == BOX_ARRAY ? ';' : ',', TEXT)
                : scalar(type);
    }
}
