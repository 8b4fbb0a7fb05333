package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.MessageFields;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;

/** What {@link Close} and {@link Describe} name. */
public enum Target {
    STATEMENT('S'),
    PORTAL('P');

    private final char code;

    Target(char code) {
        this.code = code;
    }

    /** The wire's code: {@code 'S'} or {@code 'P'}. */
    public byte code() {
        return (byte) code;
    }

    static Target decode(ByteBuf body) {
        byte code = (byte) MessageFields.byte1(body, "target");
        return switch (code) {
            case 'S' -> STATEMENT;
            case 'P' -> PORTAL;
            default ->
                    throw new WireFormatException(
                            "target " + FrameHeader.typeName(code) + " ('S' or 'P')");
        };
    }
}
