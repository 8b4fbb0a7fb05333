package dev.sluice.gateway.relay;

import dev.sluice.gateway.parking.Exchange;
import dev.sluice.gateway.parking.SessionProbe;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.wire.frame.OpaqueFrame;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import java.util.List;

/**
 * Holds a conversation of ours on a server connection, before its relay. Removes itself at the end,
 * and what came after the last answer goes on to the relay.
 */
final class ServerExchange extends ByteToMessageDecoder {
    static final String NAME = "exchange";

    /** Who is told. */
    interface Observer {
        /** A notification, or a setting that changed without being asked. */
        void aside(OpaqueFrame frame);

        /** The last answer came. */
        void done();

        void broken(Throwable cause);
    }

    private final Exchange exchange;
    private final Observer observer;
    private boolean over;

    ServerExchange(Exchange exchange, Observer observer) {
        this.exchange = exchange;
        this.observer = observer;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ByteBuf question = ctx.alloc().buffer();
        exchange.ask(question);
        Outbound.send(ctx, question);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (over) {
            return;
        }
        OpaqueFrame frame = OpaqueFrame.read(in, SessionProbe.MAX_MESSAGE);
        if (frame == null) {
            return;
        }
        if (frame.type() == 'A' || frame.type() == 'S') {
            observer.aside(frame);
        } else if (exchange.answered(frame.type(), frame.body())) {
            over = true;
            ctx.pipeline().remove(this);
            observer.done();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        over = true;
        observer.broken(
                cause instanceof DecoderException && cause.getCause() != null
                        ? cause.getCause()
                        : cause);
    }
}
