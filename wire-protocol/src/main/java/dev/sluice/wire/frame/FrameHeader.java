package dev.sluice.wire.frame;

import io.netty.buffer.ByteBuf;

/**
 * What every message but the first of a connection begins with.
 *
 * <pre>
 *   0       1                       5
 *   +-------+-----------------------+------------
 *   | type  | length, itself        | body
 *   | ASCII | included, big-endian  | length - 4 bytes
 *   +-------+-----------------------+------------
 * </pre>
 */
public final class FrameHeader {
    /** Bytes of type and length. */
    public static final int BYTES = 5;

    /** The smallest value of the length field: an empty body. */
    public static final int MIN_LENGTH = 4;

    /** The longest message Postgres itself sends or takes (1 GiB - 1), by its allocator's limit. */
    public static final int MAX_LENGTH = 0x3fffffff;

    private FrameHeader() {}

    /** Writes the type and room for the length; the result is for {@link #end}. */
    public static int begin(ByteBuf out, byte type) {
        out.writeByte(type);
        int lengthAt = out.writerIndex();
        out.writeInt(0);
        return lengthAt;
    }

    /** Fills in the length of the message that {@link #begin} began. */
    public static void end(ByteBuf out, int lengthAt) {
        out.setInt(lengthAt, out.writerIndex() - lengthAt);
    }

    /**
     * The body's bytes for a value of the length field.
     *
     * @throws WireFormatException if it is below {@link #MIN_LENGTH} or above {@code maxLength}
     */
    public static int bodyLength(byte type, int length, int maxLength) {
        if (length < MIN_LENGTH || length > maxLength) {
            throw new WireFormatException(
                    "message of type %s announces a length of %d bytes (4 to %d)"
                            .formatted(typeName(type), length, maxLength));
        }
        return length - MIN_LENGTH;
    }

    /** The type as people write it: {@code 'Q'}, or {@code 0x07} where it is not printable. */
    public static String typeName(byte type) {
        int code = type & 0xff;
        return code > ' ' && code < 0x7f ? "'" + (char) code + "'" : "0x%02x".formatted(code);
    }

    /**
     * Checks that a decoder has read its whole body.
     *
     * @throws WireFormatException if bytes are left
     */
    public static void requireEnd(byte type, ByteBuf body) {
        if (body.isReadable()) {
            throw new WireFormatException(
                    "message of type %s has %d bytes too many"
                            .formatted(typeName(type), body.readableBytes()));
        }
    }
}
