package dev.sluice.gateway.parking;

import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/**
 * Messages with texts whose encoding is nobody's business here: a string holds one character for
 * each byte.
 */
public final class RawText {
    private RawText() {}

    /** Bytes that the server wrote as hexadecimal digits. */
    static String ofHex(String digits) {
        try {
            return new String(HexFormat.of().parseHex(digits), StandardCharsets.ISO_8859_1);
        } catch (IllegalArgumentException e) {
            throw new WireFormatException("not hexadecimal digits");
        }
    }

    /** A Query. */
    public static void query(ByteBuf out, String sql) {
        int lengthAt = FrameHeader.begin(out, (byte) 'Q');
        string(out, sql);
        FrameHeader.end(out, lengthAt);
    }

    static void parse(ByteBuf out, String name, String sql, List<Integer> parameterTypes) {
        int lengthAt = FrameHeader.begin(out, (byte) 'P');
        string(out, name);
        string(out, sql);
        out.writeShort(parameterTypes.size());
        parameterTypes.forEach(out::writeInt);
        FrameHeader.end(out, lengthAt);
    }

    /** Bind without parameters, results as text. */
    static void bind(ByteBuf out, String portal, String statement) {
        int lengthAt = FrameHeader.begin(out, (byte) 'B');
        string(out, portal);
        string(out, statement);
        out.writeZero(3 * Short.BYTES);
        FrameHeader.end(out, lengthAt);
    }

    static void execute(ByteBuf out, String portal) {
        int lengthAt = FrameHeader.begin(out, (byte) 'E');
        string(out, portal);
        out.writeInt(0);
        FrameHeader.end(out, lengthAt);
    }

    /** Asks for a statement's parameters and columns. */
    static void describe(ByteBuf out, String statement) {
        int lengthAt = FrameHeader.begin(out, (byte) 'D');
        out.writeByte('S');
        string(out, statement);
        FrameHeader.end(out, lengthAt);
    }

    /** Closes a statement. */
    static void close(ByteBuf out, String statement) {
        int lengthAt = FrameHeader.begin(out, (byte) 'C');
        out.writeByte('S');
        string(out, statement);
        FrameHeader.end(out, lengthAt);
    }

    /** A Sync. */
    public static void sync(ByteBuf out) {
        FrameHeader.end(out, FrameHeader.begin(out, (byte) 'S'));
    }

    private static void string(ByteBuf out, String text) {
        out.writeCharSequence(text, StandardCharsets.ISO_8859_1);
        out.writeByte(0);
    }
}
