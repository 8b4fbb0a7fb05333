package dev.sluice.gateway.http;

import dev.sluice.gateway.HttpConfig;
import dev.sluice.gateway.session.GatewayServices;
import dev.sluice.gateway.session.StartupHandler;
import dev.sluice.gateway.transport.HandOver;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.gateway.transport.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyMessageEncoder;
import io.netty.handler.codec.haproxy.HAProxySSLTLV;
import io.netty.handler.codec.haproxy.HAProxyTLV;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Postgres inside WebSockets. What their binary frames carry goes to a door of the gateway's own, a
 * Unix socket, and is a Postgres client from there on, like any other; a PROXY protocol header
 * tells that door who the client is and which host it asked for. Frames are no messages: one may
 * hold many messages of Postgres's, or a part of one.
 */
final class WebSocketDoor implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(WebSocketDoor.class);

    /** RFC 6455, section 7.4.1: a frame of a kind that is not taken here. */
    private static final short UNSUPPORTED_DATA = 1003;

    private final GatewayServices services;
    private final HttpConfig config;
    private final NetClient client;

    WebSocketDoor(Vertx vertx, GatewayServices services, HttpConfig config) {
        this.services = services;
        this.config = config;
        this.client = vertx.createNetClient(new NetClientOptions());
    }

    private Path socket() {
        return config.sockets().resolve("websocket");
    }

    /** Opens the inner door. */
    void listen() throws IOException {
        Files.deleteIfExists(socket());
        ChannelFuture bound =
                services.transport()
                        .listenLocal(
                                socket(),
                                channel ->
                                        channel.pipeline()
                                                .addLast(
                                                        new HAProxyMessageDecoder(),
                                                        new Arrival(services)))
                        .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("cannot listen at " + socket(), bound.cause());
        }
    }

    /** Takes a WebSocket in; on the request's event loop. */
    void accept(HttpServerRequest request, Peer peer) {
        String host = request.authority() == null ? "" : request.authority().host();
        request.pause();
        client.connect(SocketAddress.domainSocketAddress(socket().toString()))
                .onFailure(e -> {
                    log.error("the inner door of WebSockets is shut", e);
                    var _ = request.response().setStatusCode(503).end();
                })
                .onSuccess(inside -> {
                    inside.pause();
                    request.toWebSocket()
                            .onFailure(e -> {
                                inside.close();
                                var _ = request.connection().close();
                            })
                            .onSuccess(socket -> join(socket, inside, header(peer, host)));
                });
    }

    private static Buffer header(Peer peer, String host) {
        EmbeddedChannel encoder = new EmbeddedChannel(HAProxyMessageEncoder.INSTANCE);
        try {
            InetSocketAddress address = peer.address();
            encoder.writeOutbound(HandOver.header(peer, address, host));
            ByteBuf bytes = encoder.readOutbound();
            try {
                return Buffer.buffer(ByteBufUtil.getBytes(bytes));
            } finally {
                bytes.release();
            }
        } finally {
            encoder.finishAndReleaseAll();
        }
    }

    private static void join(ServerWebSocket socket, NetSocket inside, Buffer header) {
        inside.write(header).onFailure(e -> log.debug("a WebSocket's client was not let in", e));
        socket.textMessageHandler(_ -> {
            socket.close(UNSUPPORTED_DATA, "binary frames only")
                    .onFailure(e -> log.debug("a WebSocket was closed already", e));
            inside.close();
        });
        // One direction's end is the other's: a Postgres client that says goodbye waits for the
        // WebSocket to be closed.
        inside.endHandler(_ -> closed(socket));
        inside.closeHandler(_ -> closed(socket));
        socket.closeHandler(_ -> inside.close());
        socket.exceptionHandler(e -> log.debug("a WebSocket failed", e));
        inside.exceptionHandler(e -> log.debug("a WebSocket's inside failed", e));
        socket.handler(bytes -> {
            inside.write(bytes).onFailure(e -> socket.close());
            if (inside.writeQueueFull()) {
                socket.pause();
                inside.drainHandler(_ -> socket.resume());
            }
        });
        inside.handler(bytes -> {
            socket.writeBinaryMessage(bytes).onFailure(e -> inside.close());
            if (socket.writeQueueFull()) {
                inside.pause();
                socket.drainHandler(_ -> inside.resume());
            }
        });
        inside.resume();
    }

    private static void closed(ServerWebSocket socket) {
        if (!socket.isClosed()) {
            socket.close().onFailure(e -> log.debug("a WebSocket was closed already", e));
        }
    }

    @Override
    public void close() {
        client.close().await();
    }

    /** Reads who has come, and lets the client begin. */
    private static final class Arrival extends SimpleChannelInboundHandler<HAProxyMessage> {
        private final GatewayServices services;

        Arrival(GatewayServices services) {
            this.services = services;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, HAProxyMessage message) {
            boolean encrypted = false;
            String host = "";
            for (HAProxyTLV tlv : message.tlvs()) {
                if (tlv instanceof HAProxySSLTLV tls) {
                    encrypted = tls.isPP2ClientSSL();
                } else if (tlv.type() == HAProxyTLV.Type.PP2_TYPE_AUTHORITY) {
                    host = tlv.content().toString(StandardCharsets.UTF_8);
                }
            }
            Channel channel = ctx.channel();
            Peer peer =
                    new Peer(
                            message.sourceAddress() == null
                                    ? null
                                    : new InetSocketAddress(
                                            message.sourceAddress(), message.sourcePort()),
                            encrypted);
            peer.mark(channel);
            channel.pipeline().addLast("startup", new StartupHandler(services, peer, host));
            channel.pipeline().remove(this);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            log.error("the inner door of WebSockets was knocked at wrongly", cause);
            Outbound.close(ctx);
        }
    }
}
