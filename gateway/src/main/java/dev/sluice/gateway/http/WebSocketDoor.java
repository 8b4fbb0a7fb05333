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
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.SocketAddress;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.regex.Pattern;
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

    private static final String VERSION = "13";
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9+/]{22}==");

    /** RFC 6455, section 1.3: what a server adds to the client's key before it hashes it. */
    private static final String ACCEPTED = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private final Vertx vertx;
    private final GatewayServices services;
    private final HttpConfig config;
    private final NetClient client;

    WebSocketDoor(Vertx vertx, GatewayServices services, HttpConfig config) {
        this.vertx = vertx;
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
        String key = request.getHeader("Sec-WebSocket-Key");
        if (!VERSION.equals(request.getHeader("Sec-WebSocket-Version"))) {
            request.response().putHeader("Sec-WebSocket-Version", VERSION);
            refuse(request, 426);
            return;
        }
        if (key == null || !KEY.matcher(key).matches()) {
            refuse(request, 400);
            return;
        }
        String host = request.authority() == null ? "" : request.authority().host();
        request.pause();
        client.connect(SocketAddress.domainSocketAddress(socket().toString()))
                .onFailure(e -> {
                    log.error("the inner door of WebSockets is shut", e);
                    refuse(request, 503);
                })
                .onSuccess(inside -> {
                    inside.pause();
                    request.response()
                            .putHeader("Upgrade", "websocket")
                            .putHeader("Connection", "Upgrade")
                            .putHeader("Sec-WebSocket-Accept", accepted(key));
                    EarlyBytes early = EarlyBytes.of(request.connection());
                    request.toNetSocket()
                            .onFailure(e -> {
                                early.take();
                                inside.close();
                                var _ = request.connection().close();
                            })
                            .onSuccess(outside ->
                                    new WebSocket(vertx, outside, inside)
                                            .begin(header(peer, host), early.take()));
                });
    }

    private static void refuse(HttpServerRequest request, int status) {
        request.response()
                .setStatusCode(status)
                .putHeader("Connection", "close")
                .end()
                .onComplete(_ -> request.connection().close());
    }

    private static String accepted(String key) {
        try {
            return Base64.getEncoder()
                    .encodeToString(
                            MessageDigest.getInstance("SHA-1")
                                    .digest((key + ACCEPTED).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
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
            String version = null;
            String host = "";
            for (HAProxyTLV tlv : message.tlvs()) {
                if (tlv instanceof HAProxySSLTLV tls) {
                    for (HAProxyTLV inner : tls.encapsulatedTLVs()) {
                        version = inner.content().toString(StandardCharsets.UTF_8);
                    }
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
                            version);
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
