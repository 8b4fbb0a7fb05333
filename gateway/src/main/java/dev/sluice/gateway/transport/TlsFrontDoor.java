package dev.sluice.gateway.transport;

import dev.sluice.tls.ServerCertificate;
import dev.sluice.tls.ServerCertificates;
import dev.sluice.wire.scram.ChannelBinding;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.SniHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.AttributeKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * How clients are met with TLS 1.2 and 1.3: the certificate for the name that they ask for, ALPN,
 * and the channel binding. Does not change: other certificates make another one.
 */
public final class TlsFrontDoor {
    /** Postgres's name in ALPN, without which its clients may not begin with TLS. */
    public static final String ALPN = "postgresql";

    /** The largest ClientHello to wait for. */
    private static final int MAX_CLIENT_HELLO = 16 << 10;

    private static final AttributeKey<ChannelBinding> BINDING =
            AttributeKey.valueOf(TlsFrontDoor.class, "binding");

    /**
     * What OpenSSL puts aside for each connection, for as long as it is open, to write what is not
     * asked of it: the handshake, alerts. A flight that is longer is fetched in pieces. Netty's
     * 2048 bytes would be a fifth of what an idle connection holds.
     */
    private static final int OWN_WRITES = 512;

    /** A certificate, ready to be shown. */
    private record Shown(SslContext context, ChannelBinding binding) {}

    private final ServerCertificates certificates;
    private final IdentityHashMap<ServerCertificate, Shown> shown = new IdentityHashMap<>();
    private final Duration handshakeTimeout;

    private TlsFrontDoor(ServerCertificates certificates, Duration handshakeTimeout) {
        this.certificates = certificates;
        this.handshakeTimeout = handshakeTimeout;
    }

    /**
     * @param clients what is asked of clients: {@code NONE} unless the certificates name the
     *     clients' authorities
     * @param http whether HTTP is spoken here too
     */
    public static TlsFrontDoor of(
            ServerCertificates certificates,
            ClientAuth clients,
            Duration handshakeTimeout,
            boolean http)
            throws SSLException {
        TlsFrontDoor door = new TlsFrontDoor(certificates, handshakeTimeout);
        for (ServerCertificate certificate : certificates.all()) {
            door.shown.put(
                    certificate,
                    new Shown(
                            context(certificate, certificates.clientAuthorities(), clients, http),
                            ChannelBinding.serverEndPoint(certificate.keyed().certificate())));
        }
        return door;
    }

    private static SslContext context(
            ServerCertificate certificate,
            List<X509Certificate> authorities,
            ClientAuth clients,
            boolean http)
            throws SSLException {
        SslContextBuilder builder =
                SslContextBuilder.forServer(
                                certificate.keyed().privateKey(),
                                certificate.chain().toArray(X509Certificate[]::new))
                        .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
                        .protocols("TLSv1.3", "TLSv1.2")
                        .clientAuth(clients)
                        .applicationProtocolConfig(
                                new ApplicationProtocolConfig(
                                        Protocol.ALPN,
                                        SelectorFailureBehavior.NO_ADVERTISE,
                                        SelectedListenerFailureBehavior.ACCEPT,
                                        http ? List.of(ALPN, "h2", "http/1.1") : List.of(ALPN)));
        if (!authorities.isEmpty()) {
            builder.trustManager(ClientTrust.of(authorities));
        }
        SslContext context = builder.build();
        if (context instanceof ReferenceCountedOpenSslContext openSsl) {
            openSsl.setBioNonApplicationBufferSize(OWN_WRITES);
        }
        return context;
    }

    /**
     * The first handler of a TLS connection. It tells later handlers the server name the client
     * asked for ({@code SniCompletionEvent}) and how the handshake ended ({@code
     * SslHandshakeCompletionEvent}).
     */
    public ChannelHandler newHandler() {
        return new SniHandler(
                (name, promise) -> promise.setSuccess(shownTo(name).context()),
                MAX_CLIENT_HELLO,
                handshakeTimeout.toMillis()) {
            @Override
            protected void replaceHandler(ChannelHandlerContext ctx, String name, SslContext chosen)
                    throws Exception {
                ctx.channel().attr(BINDING).set(shownTo(name).binding());
                super.replaceHandler(ctx, name, chosen);
            }

            @Override
            protected SslHandler newSslHandler(SslContext chosen, ByteBufAllocator allocator) {
                SslHandler handler = super.newSslHandler(chosen, allocator);
                handler.setHandshakeTimeoutMillis(handshakeTimeout.toMillis());
                return handler;
            }
        };
    }

    private Shown shownTo(@Nullable String serverName) {
        return Objects.requireNonNull(shown.get(certificates.of(serverName)));
    }

    /** What was wrong with a client's certificate, if that is why a handshake failed. */
    public static Optional<String> certificateFault(@Nullable Throwable failure) {
        return ClientTrust.fault(failure);
    }

    /** What SCRAM-SHA-256-PLUS binds to on a channel whose handshake is done. */
    public static @Nullable ChannelBinding binding(Channel channel) {
        return channel.attr(BINDING).get();
    }
}
