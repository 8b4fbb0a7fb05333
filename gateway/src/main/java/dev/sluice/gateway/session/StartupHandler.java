package dev.sluice.gateway.session;

import dev.sluice.gateway.cancel.CancelPeers;
import dev.sluice.gateway.cancel.ForwardedCancel;
import dev.sluice.gateway.door.Door;
import dev.sluice.gateway.transport.HandOver;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.gateway.transport.Peer;
import dev.sluice.gateway.transport.Spoken;
import dev.sluice.gateway.transport.TlsFrontDoor;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.NegotiateProtocolVersion;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.startup.CancelRequest;
import dev.sluice.wire.startup.GSSENCRequest;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.SSLRequest;
import dev.sluice.wire.startup.StartupMessage;
import dev.sluice.wire.startup.StartupPacket;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SniCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection's first bytes: a TLS handshake, or a startup packet; a request for encryption may
 * come before it, once of each kind. Keeps at most one startup packet (10 000 bytes) in memory.
 */
public final class StartupHandler extends ByteToMessageDecoder {
    private static final Logger log = LoggerFactory.getLogger(StartupHandler.class);

    /** The newest version of the protocol that clients may speak here. */
    static final ProtocolVersion NEWEST = ProtocolVersion.V3_2;

    private final GatewayServices services;
    private final Door.Open door;
    private final boolean inside;
    private @Nullable ClientConnection connection;
    private boolean firstByteSeen;
    private boolean sslDone;
    private boolean gssDone;
    private boolean encrypted;
    private boolean directTls;
    private @Nullable String serverName;

    /** For connections to the gateway's port. */
    public StartupHandler(GatewayServices services) {
        this.services = services;
        this.door = services.door().now();
        this.inside = false;
    }

    /**
     * For Postgres clients inside a WebSocket, whose channel is marked with the {@link Peer} that
     * they are. They prove their password by sending it, if nobody can listen on the way.
     *
     * @param serverName the host that the WebSocket was opened to
     */
    public StartupHandler(GatewayServices services, Peer peer, String serverName) {
        this.services = services;
        this.door = services.door().now();
        this.inside = true;
        this.encrypted = peer.encrypted();
        this.serverName = serverName;
    }

    private ClientConnection connection() {
        ClientConnection known = connection;
        if (known == null) {
            throw new IllegalStateException("no channel yet");
        }
        return known;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ClientConnection entering = new ClientConnection(ctx.channel(), services);
        connection = entering;
        if (!entering.isAdmitted()) {
            entering.fail(
                    SqlState.TOO_MANY_CONNECTIONS,
                    "sorry, too many clients already",
                    "Try again later, or share connections in a pool.");
        }
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (connection().isOver()) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (!firstByteSeen && in.isReadable()) {
            firstByteSeen = true;
            if (!inside && isForOthers(ctx, in)) {
                return;
            }
        }
        Optional<CancelPeers> peers = door.rules().cancelPeers();
        if (!inside && peers.isPresent() && ForwardedCancel.isNext(in)) {
            forwardedCancel(peers.get(), in);
            return;
        }
        StartupPacket packet = StartupPacket.read(in);
        if (packet != null) {
            received(ctx, packet, in.isReadable());
        }
    }

    private void forwardedCancel(CancelPeers peers, ByteBuf in) {
        try {
            CancelRequest request = services.cancelForwarding().read(peers, in);
            if (request != null) {
                CancelRouting.routeForwarded(connection(), request);
            }
        } catch (WireFormatException e) {
            log.warn("{} sent {}", connection().channel().remoteAddress(), e.getMessage());
            in.skipBytes(in.readableBytes());
            connection().close();
        }
    }

    /** Looks at the first byte, of a connection or of what it carries encrypted. */
    private boolean isForOthers(ChannelHandlerContext ctx, ByteBuf in) {
        Spoken spoken = Spoken.of(in.getUnsignedByte(in.readerIndex()));
        if (directTls) {
            String agreed =
                    Objects.requireNonNull(ctx.pipeline().get(SslHandler.class))
                            .applicationProtocol();
            if (TlsFrontDoor.ALPN.equals(agreed)) {
                return false;
            }
            spoken = agreed == null ? spoken : Spoken.HTTP;
        }
        if (spoken == Spoken.HTTP && services.http().isPresent()) {
            handOver(ctx, in, services.http().get());
            return true;
        }
        if (directTls) {
            log.debug("{}: direct TLS without ALPN \"postgresql\"", ctx.channel());
            in.skipBytes(in.readableBytes());
            connection().close();
            return true;
        }
        if (spoken == Spoken.TLS) {
            beginDirectTls(ctx, in);
            return true;
        }
        return false;
    }

    private void handOver(ChannelHandlerContext ctx, ByteBuf in, HandOver http) {
        ByteBuf bytes = in.readRetainedSlice(in.readableBytes());
        connection().handedOver();
        http.accept(
                ctx.channel(),
                bytes,
                Peer.of(ctx.channel()),
                services.config().authenticationTimeout());
        ctx.pipeline().remove(this);
    }

    private void received(ChannelHandlerContext ctx, StartupPacket packet, boolean more) {
        switch (packet) {
            case SSLRequest _ when !sslDone -> sslRequest(ctx, more);
            case GSSENCRequest _ when !gssDone -> {
                gssDone = true;
                answer(ctx, 'N');
                if (more) {
                    refuseEarlyBytes("GSSAPI encryption");
                }
            }
            case SSLRequest _ -> refuseVersion(new ProtocolVersion(1234, 5679));
            case GSSENCRequest _ -> refuseVersion(new ProtocolVersion(1234, 5680));
            case CancelRequest cancel -> CancelRouting.route(connection(), cancel, door);
            case StartupMessage startup -> startup(ctx, startup);
        }
    }

    private void sslRequest(ChannelHandlerContext ctx, boolean more) {
        sslDone = true;
        if (more) {
            refuseEarlyBytes("SSL");
        } else if (encrypted || door.tls().isEmpty()) {
            answer(ctx, 'N');
        } else {
            gssDone = true;
            answer(ctx, 'S');
            beginTls(ctx, door.tls().get());
        }
    }

    /** What came before encryption could have been put there by anyone on the way. */
    private void refuseEarlyBytes(String kind) {
        connection()
                .fail(
                        dev.sluice.wire.backend.Diagnostic.of(
                                        dev.sluice.wire.backend.Diagnostic.Severity.FATAL,
                                        SqlState.PROTOCOL_VIOLATION,
                                        "received unencrypted data after " + kind + " request")
                                .withDetail(
                                        "This could be either a client-software bug or evidence of"
                                                + " an attempted man-in-the-middle attack."));
    }

    private static void answer(ChannelHandlerContext ctx, char answer) {
        Outbound.send(ctx, ctx.alloc().buffer(1).writeByte(answer));
    }

    private void beginDirectTls(ChannelHandlerContext ctx, ByteBuf in) {
        if (door.tls().isEmpty()) {
            connection().close();
            return;
        }
        directTls = true;
        firstByteSeen = false;
        sslDone = true;
        gssDone = true;
        ByteBuf hello = in.readRetainedSlice(in.readableBytes());
        beginTls(ctx, door.tls().get());
        ctx.pipeline().fireChannelRead(hello);
    }

    private void beginTls(ChannelHandlerContext ctx, TlsFrontDoor tls) {
        encrypted = true;
        ctx.pipeline().addFirst("tls", tls.newHandler());
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        switch (event) {
            case SniCompletionEvent sni -> serverName = sni.hostname();
            case SslHandshakeCompletionEvent handshake -> handshakeDone(ctx, handshake);
            default -> super.userEventTriggered(ctx, event);
        }
    }

    private void handshakeDone(ChannelHandlerContext ctx, SslHandshakeCompletionEvent event) {
        SslHandler tls = ctx.pipeline().get(SslHandler.class);
        if (!event.isSuccess() || tls == null) {
            log.debug("{}: TLS handshake failed", ctx.channel(), event.cause());
            TlsFrontDoor.certificateFault(event.cause())
                    .ifPresentOrElse(connection()::certificateRefused, connection()::close);
        }
    }

    private void startup(ChannelHandlerContext ctx, StartupMessage startup) {
        if (startup.version().major() != NEWEST.major()) {
            refuseVersion(startup.version());
        } else if (!encrypted && door.rules().requiresEncryption()) {
            connection()
                    .fail(
                            SqlState.INVALID_AUTHORIZATION,
                            "connection is insecure (try using `sslmode=require`)",
                            "This server takes encrypted connections only.");
        } else {
            NegotiateProtocolVersion.answering(startup, NEWEST).ifPresent(connection()::write);
            AuthenticationHandler next =
                    new AuthenticationHandler(
                            connection(),
                            startup,
                            serverName,
                            encrypted,
                            inside && services.takesPlainPasswords(Peer.of(ctx.channel())),
                            door);
            ctx.pipeline().addAfter(ctx.name(), "authentication", next);
            ctx.pipeline().remove(this);
            next.begin();
        }
    }

    private void refuseVersion(ProtocolVersion version) {
        connection()
                .fail(
                        SqlState.FEATURE_NOT_SUPPORTED,
                        "unsupported frontend protocol %s: server supports 3.0 to %s"
                                .formatted(version, NEWEST),
                        "");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable real =
                cause instanceof DecoderException && cause.getCause() != null
                        ? cause.getCause()
                        : cause;
        if (real instanceof WireFormatException) {
            connection().fail(real);
        } else {
            log.debug("{}: failed before startup", ctx.channel(), real);
            connection().close();
        }
    }
}
