package dev.sluice.wire.frame;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A whole message whose body nobody has looked at.
 *
 * @param type the type byte
 * @param body a slice of the buffer it was read from, without a reference of its own: valid as long
 *     as that buffer is
 */
public record OpaqueFrame(byte type, ByteBuf body) {

    /**
     * Takes the next message, if all of it has arrived. Nothing is allocated for a message that has
     * not: the caller's buffer is the only memory, and {@code maxLength} its bound.
     *
     * @param maxLength the largest length field to accept, {@link FrameHeader#MAX_LENGTH} at most
     * @return null, with nothing read, if the message is not complete yet
     * @throws WireFormatException as soon as the length is seen to be out of range
     */
    public static @Nullable OpaqueFrame read(ByteBuf in, int maxLength) {
        if (in.readableBytes() < FrameHeader.BYTES) {
            return null;
        }
        int start = in.readerIndex();
        byte type = in.getByte(start);
        int body = FrameHeader.bodyLength(type, in.getInt(start + 1), maxLength);
        if (in.readableBytes() - FrameHeader.BYTES < body) {
            return null;
        }
        in.skipBytes(FrameHeader.BYTES);
        return new OpaqueFrame(type, in.readSlice(body));
    }

    /** Writes the message as it came. */
    public void encode(ByteBuf out) {
        int lengthAt = FrameHeader.begin(out, type);
        out.writeBytes(body, body.readerIndex(), body.readableBytes());
        FrameHeader.end(out, lengthAt);
    }

    @Override
    public String toString() {
        return "OpaqueFrame[%s, %d bytes]"
                .formatted(FrameHeader.typeName(type), body.readableBytes());
    }
}
