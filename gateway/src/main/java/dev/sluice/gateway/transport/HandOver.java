package dev.sluice.gateway.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageEncoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import io.netty.handler.codec.haproxy.HAProxySSLTLV;
import io.netty.handler.codec.haproxy.HAProxyTLV;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands a client's connection over to another server of this process, which listens on a Unix
 * socket: its decrypted bytes go there and back as they are, each direction as fast as its reader
 * reads. The other server learns who the client is from a PROXY protocol header, version 2, with
 * {@code PP2_TYPE_SSL} and {@code PP2_SUBTYPE_SSL_VERSION} where the client's connection is
 * encrypted and {@code PP2_TYPE_AUTHORITY} where it named a host.
 */
public final class HandOver {
    private static final Logger log = LoggerFactory.getLogger(HandOver.class);

    /** {@code PP2_CLIENT_SSL}: the client's connection is encrypted. */
    public static final byte CLIENT_SSL = 1;

    private static final Duration LAST_BYTES = Duration.ofSeconds(30);

    /** Of the PROXY protocol's range for the use of one's own: a connection's number. */
    public static final byte NUMBER = (byte) 0xe0;

    private final Transport transport;
    private final Path socket;
    private final AtomicLong numbers = new AtomicLong();
    private final ConcurrentMap<Long, Channel> clients = new ConcurrentHashMap<>();

    /**
     * @param socket where the other server listens
     */
    public HandOver(Transport transport, Path socket) {
        this.transport = transport;
        this.socket = socket;
    }

    /**
     * Hands the channel over, whose handlers but those of the transport are to be removed; on its
     * event loop.
     *
     * @param first what has been read already; released here
     * @param headTimeout by when the head of the first request must be there, which the other
     *     server does not watch over
     */
    public void accept(Channel client, ByteBuf first, Peer peer, Duration headTimeout) {
        Splice fromClient = new Splice();
        fromClient.firstHead = new FirstHead(client, headTimeout);
        fromClient.firstHead.read(first);
        long number = numbers.incrementAndGet();
        clients.put(number, client);
        client.closeFuture().addListener(_ -> clients.remove(number));
        fromClient.held.add(first);
        client.config().setAutoRead(false);
        client.pipeline().addLast("splice", fromClient);
        transport
                .connectLocal(client.eventLoop(), socket, HAProxyMessageEncoder.INSTANCE)
                .addListener((ChannelFuture connected) -> {
                    Channel server = connected.channel();
                    if (!connected.isSuccess() || !client.isActive()) {
                        log.debug("{}: not handed over", client, connected.cause());
                        fromClient.releaseHeld();
                        Outbound.close(client);
                        Outbound.close(server);
                        return;
                    }
                    Outbound.write(
                            server, header(peer, client.localAddress(), "", numbered(number)));
                    server.pipeline().remove(HAProxyMessageEncoder.class);
                    Splice fromServer = new Splice();
                    server.pipeline().addLast("splice", fromServer);
                    fromServer.to(client);
                    fromClient.to(server);
                    client.config().setAutoRead(true);
                });
    }

    /**
     * Closes a client's connection. When the other server closes its own, what has been sent is
     * still on its way, and that is not noticed as long as the client does not read.
     *
     * @param number as the other server was told it, in {@link #NUMBER}
     */
    public void cut(long number) {
        Channel client = clients.get(number);
        if (client != null) {
            Outbound.close(client);
        }
    }

    private static HAProxyTLV numbered(long number) {
        return new HAProxyTLV(NUMBER, Unpooled.copyLong(number));
    }

    /**
     * The header that tells who the client is.
     *
     * @param host the name of the server that the client asked for, or empty
     * @param tlvs what else there is to tell
     */
    public static HAProxyMessage header(
            Peer peer, @Nullable SocketAddress local, String host, HAProxyTLV... tlvs) {
        List<HAProxyTLV> more = new ArrayList<>(List.of(tlvs));
        String tls = peer.tls();
        if (tls != null) {
            HAProxyTLV version = text(HAProxyTLV.Type.PP2_TYPE_SSL_VERSION, tls);
            more.add(new HAProxySSLTLV(0, CLIENT_SSL, List.of(version)));
        }
        if (!host.isEmpty()) {
            more.add(text(HAProxyTLV.Type.PP2_TYPE_AUTHORITY, host));
        }
        InetSocketAddress from = peer.address();
        if (from == null
                || from.getAddress() == null
                || !(local instanceof InetSocketAddress to)
                || to.getAddress() == null) {
            return new HAProxyMessage(
                    HAProxyProtocolVersion.V2,
                    HAProxyCommand.PROXY,
                    HAProxyProxiedProtocol.UNKNOWN,
                    null,
                    null,
                    0,
                    0,
                    more);
        }
        boolean six = from.getAddress() instanceof Inet6Address;
        return new HAProxyMessage(
                HAProxyProtocolVersion.V2,
                HAProxyCommand.PROXY,
                six ? HAProxyProxiedProtocol.TCP6 : HAProxyProxiedProtocol.TCP4,
                numeric(from),
                six == to.getAddress() instanceof Inet6Address ? numeric(to) : none(six),
                from.getPort(),
                to.getPort(),
                more);
    }

    private static HAProxyTLV text(HAProxyTLV.Type type, String value) {
        return new HAProxyTLV(type, Unpooled.copiedBuffer(value, StandardCharsets.UTF_8));
    }

    /**
     * In place of an address of the other family: a header has one family for both, and a proxy
     * that we speak IPv4 with has clients that speak IPv6. Nobody reads where they connected to.
     */
    private static String none(boolean six) {
        return six ? "::" : "0.0.0.0";
    }

    /** Without the scope that link-local addresses carry. */
    private static String numeric(InetSocketAddress address) {
        String text = address.getAddress().getHostAddress();
        int scope = text.indexOf('%');
        return scope < 0 ? text : text.substring(0, scope);
    }

    /**
     * The head of a connection's first request, which ends with an empty line (that of HTTP/2's
     * preface is in its first line): a client that does not get so far in time is closed.
     */
    private static final class FirstHead {
        private final ScheduledFuture<?> deadline;
        private int matched;

        FirstHead(Channel client, Duration timeout) {
            Runnable tooSlow = () -> Outbound.close(client);
            this.deadline =
                    client.eventLoop().schedule(tooSlow, timeout.toMillis(), TimeUnit.MILLISECONDS);
        }

        void read(ByteBuf bytes) {
            for (int i = bytes.readerIndex(); i < bytes.writerIndex() && !isOver(); i++) {
                byte c = bytes.getByte(i);
                if (c == '\n') {
                    matched++;
                } else if (c != '\r') {
                    matched = 0;
                }
                if (isOver()) {
                    deadline.cancel(false);
                }
            }
        }

        boolean isOver() {
            return matched == 2;
        }
    }

    /** One direction. Keeps what was read before the other connection is there. */
    private static final class Splice extends ChannelInboundHandlerAdapter {
        private final Queue<Object> held = new ArrayDeque<>();
        private @Nullable Channel peer;
        private @Nullable FirstHead firstHead;

        void to(Channel other) {
            peer = other;
            for (Object message = held.poll(); message != null; message = held.poll()) {
                Outbound.write(other, message);
            }
            other.flush();
        }

        void releaseHeld() {
            for (Object message = held.poll(); message != null; message = held.poll()) {
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (firstHead != null) {
                firstHead.read((ByteBuf) message);
                firstHead = firstHead.isOver() ? null : firstHead;
            }
            Channel other = peer;
            if (other == null) {
                held.add(message);
                return;
            }
            Outbound.write(other, message);
            if (!other.isWritable()) {
                ctx.channel().config().setAutoRead(false);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            if (peer != null) {
                peer.flush();
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (peer != null) {
                peer.config().setAutoRead(ctx.channel().isWritable());
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (firstHead != null) {
                firstHead.deadline.cancel(false);
            }
            if (peer != null) {
                Transport.closeAfterFlush(peer, LAST_BYTES);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            log.debug("{} failed", ctx.channel(), cause);
            Outbound.close(ctx);
        }
    }
}
