package dev.sluice.wire.frontend;

import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;

/**
 * What a client sends once the connection has started (Postgres's manual, "Message Formats").
 *
 * <p>The four messages of type {@code 'p'} look alike; only the authentication exchange knows which
 * one it waits for. {@link PasswordMessage}, {@link SASLInitialResponse}, {@link SASLResponse} and
 * {@link GSSResponse} are decoded by their own {@code decode}, and {@link #decode} refuses them, as
 * Postgres does after authentication.
 */
public sealed interface FrontendMessage
        permits Bind,
                Close,
                CopyData,
                CopyDone,
                CopyFail,
                Describe,
                Execute,
                Flush,
                FunctionCall,
                GSSResponse,
                Parse,
                PasswordMessage,
                Query,
                SASLInitialResponse,
                SASLResponse,
                Sync,
                Terminate {

    /** The type byte. */
    byte type();

    /** Writes the body, without type and length. */
    void encodeBody(ByteBuf out);

    /** Writes the whole message. */
    default void encode(ByteBuf out) {
        int lengthAt = FrameHeader.begin(out, type());
        encodeBody(out);
        FrameHeader.end(out, lengthAt);
    }

    /**
     * Decodes a body, all of it.
     *
     * @throws WireFormatException if the type is unknown or the body is not of its form
     */
    static FrontendMessage decode(byte type, ByteBuf body) {
        FrontendMessage message =
                switch (type) {
                    case 'B' -> Bind.decode(body);
                    case 'C' -> Close.decode(body);
                    case 'd' -> CopyData.decode(body);
                    case 'c' -> new CopyDone();
                    case 'f' -> CopyFail.decode(body);
                    case 'D' -> Describe.decode(body);
                    case 'E' -> Execute.decode(body);
                    case 'H' -> new Flush();
                    case 'F' -> FunctionCall.decode(body);
                    case 'P' -> Parse.decode(body);
                    case 'Q' -> Query.decode(body);
                    case 'S' -> new Sync();
                    case 'X' -> new Terminate();
                    default ->
                            throw new WireFormatException(
                                    "invalid frontend message type " + FrameHeader.typeName(type));
                };
        FrameHeader.requireEnd(type, body);
        return message;
    }
}
