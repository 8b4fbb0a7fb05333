package dev.sluice.wire.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The field types of the manual's "Message Data Types". Every read is checked against what is left
 * of the message and names the field that does not fit; a count is checked before anything is
 * allocated for it.
 *
 * <p>Strings are UTF-8. One that is not is refused rather than changed: who must pass other
 * encodings on forwards the frame undecoded.
 */
public final class MessageFields {
    private MessageFields() {}

    public static int byte1(ByteBuf in, String field) {
        require(in, 1, field);
        return in.readByte();
    }

    public static int int16(ByteBuf in, String field) {
        require(in, 2, field);
        return in.readShort();
    }

    /** A count: Postgres reads these 16 bits without a sign. */
    public static int count(ByteBuf in, String field) {
        require(in, 2, field);
        return in.readUnsignedShort();
    }

    public static int int32(ByteBuf in, String field) {
        require(in, 4, field);
        return in.readInt();
    }

    public static long int64(ByteBuf in, String field) {
        require(in, 8, field);
        return in.readLong();
    }

    /** A slice that shares the message's memory and lifetime. */
    public static ByteBuf bytes(ByteBuf in, int length, String field) {
        if (length < 0) {
            throw new WireFormatException(field + " of " + length + " bytes");
        }
        require(in, length, field);
        return in.readSlice(length);
    }

    /** Everything up to the message's end. */
    public static ByteBuf rest(ByteBuf in) {
        return in.readSlice(in.readableBytes());
    }

    /** A NUL-terminated string. */
    public static String string(ByteBuf in, String field) {
        int length = in.bytesBefore((byte) 0);
        if (length < 0) {
            throw new WireFormatException(field + " has no terminator");
        }
        String text = utf8(in.nioBuffer(in.readerIndex(), length), field);
        in.skipBytes(length + 1);
        return text;
    }

    private static String utf8(ByteBuffer bytes, String field) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(bytes)
                    .toString();
        } catch (CharacterCodingException e) {
            throw new WireFormatException(field + " is not valid UTF-8");
        }
    }

    /** An Int32 length and as many bytes; null for length -1. */
    public static @Nullable ByteBuf value(ByteBuf in, String field) {
        int length = int32(in, field);
        return length == -1 ? null : bytes(in, length, field);
    }

    /** An Int16 count and as many {@link #value}s. */
    public static List<@Nullable ByteBuf> values(ByteBuf in, String field) {
        int count = countOf(in, 4, field);
        List<@Nullable ByteBuf> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(value(in, field));
        }
        return Collections.unmodifiableList(values);
    }

    /** An Int16 count and as many Int16 format codes. */
    public static List<Format> formats(ByteBuf in, String field) {
        int count = countOf(in, 2, field);
        List<Format> formats = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            formats.add(Format.of(in.readShort()));
        }
        return Collections.unmodifiableList(formats);
    }

    /** An Int16 count and as many Int32 object ids. */
    public static List<Integer> oids(ByteBuf in, String field) {
        int count = countOf(in, 4, field);
        List<Integer> oids = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            oids.add(in.readInt());
        }
        return Collections.unmodifiableList(oids);
    }

    /**
     * A count of things of at least {@code bytesEach} bytes, which the message must have room for.
     */
    public static int countOf(ByteBuf in, int bytesEach, String field) {
        int count = count(in, field);
        require(in, count * bytesEach, field);
        return count;
    }

    private static void require(ByteBuf in, int length, String field) {
        if (in.readableBytes() < length) {
            throw new WireFormatException(
                    "%s needs %d bytes, the message has %d left"
                            .formatted(field, length, in.readableBytes()));
        }
    }

    /**
     * @throws IllegalArgumentException if the text contains NUL, which the wire cannot carry
     */
    public static void putString(ByteBuf out, String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a string field cannot contain NUL");
        }
        ByteBufUtil.writeUtf8(out, text);
        out.writeByte(0);
    }

    /** Copies the readable bytes, leaving {@code bytes} as it was. */
    public static void putBytes(ByteBuf out, ByteBuf bytes) {
        out.writeBytes(bytes, bytes.readerIndex(), bytes.readableBytes());
    }

    public static void putValue(ByteBuf out, @Nullable ByteBuf value) {
        if (value == null) {
            out.writeInt(-1);
        } else {
            out.writeInt(value.readableBytes());
            putBytes(out, value);
        }
    }

    public static void putValues(ByteBuf out, List<@Nullable ByteBuf> values) {
        putCount(out, values.size());
        for (ByteBuf value : values) {
            putValue(out, value);
        }
    }

    public static void putFormats(ByteBuf out, List<Format> formats) {
        putCount(out, formats.size());
        for (Format format : formats) {
            out.writeShort(format.code());
        }
    }

    public static void putOids(ByteBuf out, List<Integer> oids) {
        putCount(out, oids.size());
        for (int oid : oids) {
            out.writeInt(oid);
        }
    }

    /**
     * @throws IllegalArgumentException if the count does not fit into 16 bits
     */
    public static void putCount(ByteBuf out, int count) {
        if (count > 0xffff) {
            throw new IllegalArgumentException(count + " elements, the wire carries 65535 at most");
        }
        out.writeShort(count);
    }
}
