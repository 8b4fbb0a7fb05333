package dev.sluice.gateway.transport;

import dev.sluice.tls.LocalCertificates;
import dev.sluice.wire.scram.ChannelBinding;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SniHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLException;

/** How clients are met with TLS 1.2 and 1.3: the server's certificate, ALPN, and its binding. */
public final class TlsFrontDoor {
    /** The protocol's name in ALPN, without which a connection may not begin with TLS. */
    public static final String ALPN = "postgresql";

    /** The largest ClientHello to wait for. */
    private static final int MAX_CLIENT_HELLO = 16 << 10;

    private final SslContext context;
    private final ChannelBinding binding;
    private final Duration handshakeTimeout;

    private TlsFrontDoor(SslContext context, ChannelBinding binding, Duration handshakeTimeout) {
        this.context = context;
        this.binding = binding;
        this.handshakeTimeout = handshakeTimeout;
    }

    public static TlsFrontDoor of(LocalCertificates certificates, Duration handshakeTimeout)
            throws SSLException {
        SslContext context =
                SslContextBuilder.forServer(
                                certificates.server().privateKey(),
                                certificates.chain().toArray(X509Certificate[]::new))
                        .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
                        .protocols("TLSv1.3", "TLSv1.2")
                        .applicationProtocolConfig(
                                new ApplicationProtocolConfig(
                                        Protocol.ALPN,
                                        SelectorFailureBehavior.NO_ADVERTISE,
                                        SelectedListenerFailureBehavior.ACCEPT,
                                        ALPN))
                        .build();
        return new TlsFrontDoor(
                context,
                ChannelBinding.serverEndPoint(certificates.server().certificate()),
                handshakeTimeout);
    }

    /**
     * The first handler of a TLS connection. It tells later handlers the server name the client
     * asked for ({@code SniCompletionEvent}) and how the handshake ended ({@code
     * SslHandshakeCompletionEvent}).
     */
    public ChannelHandler newHandler() {
        return new SniHandler(
                (_, promise) -> promise.setSuccess(context),
                MAX_CLIENT_HELLO,
                handshakeTimeout.toMillis()) {
            @Override
            protected SslHandler newSslHandler(SslContext chosen, ByteBufAllocator allocator) {
                SslHandler handler = super.newSslHandler(chosen, allocator);
                handler.setHandshakeTimeoutMillis(handshakeTimeout.toMillis());
                return handler;
            }
        };
    }

    /** What SCRAM-SHA-256-PLUS binds to. */
    public ChannelBinding binding() {
        return binding;
    }
}
