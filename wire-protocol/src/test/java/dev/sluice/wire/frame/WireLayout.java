package dev.sluice.wire.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** Bytes as the manual writes them down: {@code layout().byte1('Z').length().byte1('I')}. */
public final class WireLayout {
    private final ByteBuf bytes = Unpooled.buffer();
    private int lengthAt = -1;

    public static WireLayout layout() {
        return new WireLayout();
    }

    public WireLayout byte1(int value) {
        bytes.writeByte(value);
        return this;
    }

    /** An Int32 that counts itself and everything after it. */
    public WireLayout length() {
        lengthAt = bytes.writerIndex();
        return int32(0);
    }

    public WireLayout int16(int... values) {
        for (int value : values) {
            bytes.writeShort(value);
        }
        return this;
    }

    public WireLayout int32(int... values) {
        for (int value : values) {
            bytes.writeInt(value);
        }
        return this;
    }

    public WireLayout int64(long value) {
        bytes.writeLong(value);
        return this;
    }

    public WireLayout string(String value) {
        bytes.writeBytes(value.getBytes(StandardCharsets.UTF_8)).writeByte(0);
        return this;
    }

    public WireLayout bytes(String value) {
        bytes.writeBytes(value.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    public ByteBuf build() {
        if (lengthAt >= 0) {
            bytes.setInt(lengthAt, bytes.writerIndex() - lengthAt);
        }
        return bytes;
    }

    public static ByteBuf buf(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }
}
