package dev.sluice.gateway.relay;

import dev.sluice.gateway.transport.Outbound;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One direction of a session: hands every buffer to the peer as it is, and stops reading while the
 * peer's queue is above its high-water mark. While there is no peer, or it must not be disturbed,
 * what comes is held: that is what one read brings, since nothing is read then.
 */
final class Relay extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(Relay.class);

    /** What a relay tells its session. */
    interface Observer {
        /**
         * A buffer came, before it moves on.
         *
         * @throws WireFormatException if it is not the protocol
         */
        void seen(ByteBuf bytes);

        /** It was held. */
        void held();

        /** All of a request that was to be dropped has been. */
        void dropped();

        /** The connection is closed. */
        void gone();

        /** What came is not the protocol. */
        void broken(Throwable cause);
    }

    private final Observer observer;
    private final Queue<ByteBuf> held = new ArrayDeque<>();
    private @Nullable Channel peer;
    private @Nullable CancelledRequest dropping;
    private boolean stopped;

    Relay(@Nullable Channel peer, Observer observer) {
        this.peer = peer;
        this.observer = observer;
    }

    /** Holds what comes from now on. */
    void hold() {
        peer = null;
    }

    /** Hands what was held, and all that comes from now on, to a peer. */
    void release(Channel to) {
        peer = to;
        boolean any = !held.isEmpty();
        for (ByteBuf bytes; (bytes = held.poll()) != null; ) {
            Outbound.write(to, bytes);
        }
        if (any) {
            to.flush();
        }
    }

    /** Takes what was held; release it. */
    ByteBuf take(ByteBufAllocator allocator) {
        CompositeByteBuf all = allocator.compositeBuffer(Math.max(1, held.size()));
        for (ByteBuf bytes; (bytes = held.poll()) != null; ) {
            all.addComponent(true, bytes);
        }
        return all;
    }

    boolean isHolding() {
        return !held.isEmpty();
    }

    /** Drops a request: what is held of it, and what is still to come. */
    void drop(CancelledRequest request) {
        dropping = request;
        for (ByteBuf bytes; dropping != null && (bytes = held.peek()) != null; ) {
            dropFrom(bytes, request);
            if (!bytes.isReadable()) {
                held.remove();
                bytes.release();
            }
        }
    }

    private void dropFrom(ByteBuf bytes, CancelledRequest request) {
        if (request.consume(bytes)) {
            dropping = null;
            observer.dropped();
        }
    }

    boolean isDropping() {
        return dropping != null;
    }

    /** Drops nothing of what comes. */
    void dropNoMore() {
        dropping = null;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (stopped) {
            bytes.release();
            return;
        }
        try {
            observer.seen(bytes);
        } catch (WireFormatException e) {
            bytes.release();
            stopped = true;
            observer.broken(e);
            return;
        }
        CancelledRequest request = dropping;
        if (request != null) {
            dropFrom(bytes, request);
            if (!bytes.isReadable()) {
                bytes.release();
                return;
            }
        }
        Channel to = peer;
        if (to == null) {
            held.add(bytes);
            observer.held();
            return;
        }
        Outbound.write(to, bytes);
        if (!to.isWritable()) {
            ctx.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        Channel to = peer;
        if (to != null) {
            to.flush();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        Channel to = peer;
        if (to != null) {
            to.config().setAutoRead(ctx.channel().isWritable());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        drop();
        observer.gone();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        drop();
    }

    private void drop() {
        stopped = true;
        for (ByteBuf bytes; (bytes = held.poll()) != null; ) {
            bytes.release();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.debug("connection {} failed", ctx.channel(), cause);
        Outbound.close(ctx);
    }
}
