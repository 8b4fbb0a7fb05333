package dev.sluice.wire.startup;

import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.MessageFields;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The first packet of a connection, and those after a refused encryption request. It has no type
 * byte: {@code Int32 length} (itself included), then an Int32 that is a request code or a protocol
 * version.
 */
public sealed interface StartupPacket
        permits StartupMessage, SSLRequest, GSSENCRequest, CancelRequest {
    /** What Postgres allows after the length field ({@code MAX_STARTUP_PACKET_LENGTH}). */
    int MAX_BODY = 10_000;

    /** Writes what comes after the length. */
    void encodeBody(ByteBuf out);

    /** Writes the whole packet. */
    default void encode(ByteBuf out) {
        int lengthAt = out.writerIndex();
        out.writeInt(0);
        encodeBody(out);
        FrameHeader.end(out, lengthAt);
    }

    /**
     * Takes the next packet, if all of it has arrived.
     *
     * @return null, with nothing read, if it has not
     * @throws WireFormatException if the length is out of range, or the packet not of its form
     */
    static @Nullable StartupPacket read(ByteBuf in) {
        if (in.readableBytes() < 4) {
            return null;
        }
        int body = in.getInt(in.readerIndex()) - 4;
        if (body < 4 || body > MAX_BODY) {
            throw new WireFormatException("invalid length of startup packet");
        }
        if (in.readableBytes() - 4 < body) {
            return null;
        }
        in.skipBytes(4);
        return decode(in.readSlice(body));
    }

    private static StartupPacket decode(ByteBuf body) {
        int code = MessageFields.int32(body, "request code");
        StartupPacket packet =
                switch (code) {
                    case SSLRequest.CODE -> new SSLRequest();
                    case GSSENCRequest.CODE -> new GSSENCRequest();
                    case CancelRequest.CODE -> CancelRequest.decode(body);
                    default -> otherVersion(code, body);
                };
        if (body.isReadable()) {
            throw new WireFormatException(
                    "startup packet has " + body.readableBytes() + " bytes too many");
        }
        return packet;
    }

    /** Another major version's packet may have any layout: only its version is of interest. */
    private static StartupPacket otherVersion(int code, ByteBuf body) {
        ProtocolVersion version = ProtocolVersion.of(code);
        if (version.major() == 3) {
            return StartupMessage.decode(code, body);
        }
        body.skipBytes(body.readableBytes());
        return new StartupMessage(version, java.util.Map.of());
    }
}
