package dev.sluice.gateway.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Keeps what a client has sent behind the request that changes the protocol of its connection, and
 * that has been read with it: Vert.x drops it, and does not release it. On the connection's event
 * loop.
 */
final class EarlyBytes extends ChannelInboundHandlerAdapter {
    /** The name of Vert.x's own last handler. */
    private static final String LAST = "handler";

    private final Channel channel;
    private final Buffer kept = Buffer.buffer();

    private EarlyBytes(Channel channel) {
        this.channel = channel;
    }

    /** Begins; before the change. */
    static EarlyBytes of(HttpConnection connection) {
        Channel channel = ((ConnectionBase) connection).channel();
        EarlyBytes early = new EarlyBytes(channel);
        channel.pipeline().addBefore(LAST, "early", early);
        return early;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes) {
            kept.appendBytes(ByteBufUtil.getBytes(bytes));
            bytes.release();
        } else {
            ctx.fireChannelRead(message);
        }
    }

    /** What came; from now on all goes its usual way. */
    Buffer take() {
        if (channel.pipeline().context(this) != null) {
            channel.pipeline().remove(this);
        }
        return kept;
    }
}
