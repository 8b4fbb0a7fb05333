package dev.sluice.gateway.parking;

import dev.sluice.wire.backend.BindComplete;
import dev.sluice.wire.backend.EmptyQueryResponse;
import dev.sluice.wire.backend.NoData;
import dev.sluice.wire.backend.ParameterDescription;
import dev.sluice.wire.backend.ParseComplete;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.backend.TransactionStatus;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.OpaqueFrame;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * The empty query, with which connection pools find out whether a connection is alive ({@code
 * Connection.isValid}, HikariCP's keepalive). It is the connection that they ask about, not the
 * database: it is no activity, and needs no compute.
 *
 * <p>It is recognised by lengths alone, so the relay need not look into messages: a Query of one
 * byte is empty, and a Parse of four bytes, a Bind of eight, a Describe of two and an Execute of
 * five name nothing and carry nothing. In which order they are one, {@link PingWatch} tells.
 */
public final class Ping {
    private Ping() {}

    /** Whether a message can be part of one. */
    public static boolean isPart(byte type, int bodyLength) {
        return switch (type) {
            case 'Q' -> bodyLength == 1;
            case 'P' -> bodyLength == 4;
            case 'B' -> bodyLength == 8;
            case 'D' -> bodyLength == 2;
            case 'E' -> bodyLength == 5;
            case 'S' -> bodyLength == 0;
            default -> false;
        };
    }

    /**
     * Answers as an idle server would.
     *
     * @param pings whole messages, all of them parts of pings; their indices are left alone
     */
    public static void answer(ByteBuf pings, ByteBuf out) {
        ByteBuf in = pings.duplicate();
        for (OpaqueFrame frame; (frame = OpaqueFrame.read(in, FrameHeader.MAX_LENGTH)) != null; ) {
            switch (frame.type()) {
                case 'Q' -> {
                    new EmptyQueryResponse().encode(out);
                    ready(out);
                }
                case 'P' -> new ParseComplete().encode(out);
                case 'B' -> new BindComplete().encode(out);
                case 'D' -> {
                    if (frame.body().getByte(frame.body().readerIndex()) == 'S') {
                        new ParameterDescription(List.of()).encode(out);
                    }
                    new NoData().encode(out);
                }
                case 'E' -> new EmptyQueryResponse().encode(out);
                case 'S' -> ready(out);
                default ->
                        throw new IllegalArgumentException(
                                FrameHeader.typeName(frame.type()) + " is no part of a ping");
            }
        }
    }

    private static void ready(ByteBuf out) {
        new ReadyForQuery(TransactionStatus.IDLE).encode(out);
    }
}
