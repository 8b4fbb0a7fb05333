package dev.sluice.gateway.relay;

import dev.sluice.gateway.transport.Outbound;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One direction of a session: hands every buffer to the peer as it is, and stops reading while the
 * peer's queue is above its high-water mark.
 */
final class Relay extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(Relay.class);

    private final Channel peer;
    private final Consumer<ByteBuf> seen;
    private final Runnable gone;
    private final Consumer<Throwable> broken;
    private boolean stopped;

    /**
     * @param seen told of each buffer before it moves on
     * @param gone the connection is closed
     * @param broken what came is not the protocol
     */
    Relay(Channel peer, Consumer<ByteBuf> seen, Runnable gone, Consumer<Throwable> broken) {
        this.peer = peer;
        this.seen = seen;
        this.gone = gone;
        this.broken = broken;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (stopped) {
            bytes.release();
            return;
        }
        try {
            seen.accept(bytes);
        } catch (WireFormatException e) {
            bytes.release();
            stopped = true;
            broken.accept(e);
            return;
        }
        Outbound.write(peer, bytes);
        if (!peer.isWritable()) {
            ctx.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        peer.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        peer.config().setAutoRead(ctx.channel().isWritable());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        gone.run();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.debug("connection {} failed", ctx.channel(), cause);
        Outbound.close(ctx);
    }
}
