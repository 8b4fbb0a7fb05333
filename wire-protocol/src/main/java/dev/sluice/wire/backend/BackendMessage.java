package dev.sluice.wire.backend;

import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;

/** What a server sends (Postgres's manual, "Message Formats"). */
public sealed interface BackendMessage
        permits Authentication,
                BackendKeyData,
                BindComplete,
                CloseComplete,
                CommandComplete,
                CopyBothResponse,
                CopyData,
                CopyDone,
                CopyInResponse,
                CopyOutResponse,
                DataRow,
                EmptyQueryResponse,
                ErrorResponse,
                FunctionCallResponse,
                NegotiateProtocolVersion,
                NoData,
                NoticeResponse,
                NotificationResponse,
                ParameterDescription,
                ParameterStatus,
                ParseComplete,
                PortalSuspended,
                ReadyForQuery,
                RowDescription {

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
    static BackendMessage decode(byte type, ByteBuf body) {
        BackendMessage message =
                switch (type) {
                    case 'R' -> Authentication.decode(body);
                    case 'K' -> BackendKeyData.decode(body);
                    case '2' -> new BindComplete();
                    case '3' -> new CloseComplete();
                    case 'C' -> CommandComplete.decode(body);
                    case 'W' -> CopyBothResponse.decode(body);
                    case 'd' -> CopyData.decode(body);
                    case 'c' -> new CopyDone();
                    case 'G' -> CopyInResponse.decode(body);
                    case 'H' -> CopyOutResponse.decode(body);
                    case 'D' -> DataRow.decode(body);
                    case 'I' -> new EmptyQueryResponse();
                    case 'E' -> ErrorResponse.decode(body);
                    case 'V' -> FunctionCallResponse.decode(body);
                    case 'v' -> NegotiateProtocolVersion.decode(body);
                    case 'n' -> new NoData();
                    case 'N' -> NoticeResponse.decode(body);
                    case 'A' -> NotificationResponse.decode(body);
                    case 't' -> ParameterDescription.decode(body);
                    case 'S' -> ParameterStatus.decode(body);
                    case '1' -> new ParseComplete();
                    case 's' -> new PortalSuspended();
                    case 'Z' -> ReadyForQuery.decode(body);
                    case 'T' -> RowDescription.decode(body);
                    default ->
                            throw new WireFormatException(
                                    "invalid backend message type " + FrameHeader.typeName(type));
                };
        FrameHeader.requireEnd(type, body);
        return message;
    }
}
