package dev.sluice.wire.part;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * TLS 1.3 between parts, in which both sides show a certificate. Who the other one is follows from
 * the {@link PartRole}s in its certificate, not from its host: parts move.
 */
public final class PartTls {
    /** How long a handshake may take. */
    static final Duration HANDSHAKE_LIMIT = Duration.ofSeconds(10);

    private static final String[] PROTOCOLS = {"TLSv1.3"};

    /** The cheaper AES first: nothing between parts is secret for as long as 256 bits last. */
    private static final String[] CIPHERS = {
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"
    };

    /** Own certificate and trusted authority, as they are now. */
    public interface Credentials {
        /**
         * The same object until they change.
         *
         * @throws IOException if they cannot be read
         */
        SSLContext context() throws IOException;
    }

    private final Credentials credentials;

    public PartTls(Credentials credentials) {
        this.credentials = credentials;
    }

    /** The side that connected. The handshake is done when this returns. */
    TlsStream connect(SocketChannel socket, PartAddress.Tcp address, PartRole wanted)
            throws IOException {
        SSLEngine engine = credentials.context().createSSLEngine(address.host(), address.port());
        engine.setUseClientMode(true);
        engine.setSSLParameters(parameters(engine));
        TlsStream stream = new TlsStream(socket, engine, ByteBuffer.allocate(0));
        try (Deadline _ = Deadline.closing(socket, HANDSHAKE_LIMIT)) {
            stream.handshake();
        }
        Set<PartRole> roles = rolesOf(stream);
        if (!roles.contains(wanted)) {
            throw new IOException(
                    "the certificate is not that of a %s but of %s"
                            .formatted(wanted.text(), roles));
        }
        return stream;
    }

    /**
     * The side that accepted. The handshake is still to be done.
     *
     * @param first what was read of the connection already
     */
    TlsStream accepted(SocketChannel socket, ByteBuffer first) throws IOException {
        SSLEngine engine = credentials.context().createSSLEngine();
        engine.setUseClientMode(false);
        SSLParameters parameters = parameters(engine);
        parameters.setNeedClientAuth(true);
        engine.setSSLParameters(parameters);
        return new TlsStream(socket, engine, first);
    }

    private static SSLParameters parameters(SSLEngine engine) {
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setProtocols(PROTOCOLS);
        parameters.setCipherSuites(CIPHERS);
        return parameters;
    }

    static Set<PartRole> rolesOf(TlsStream stream) throws IOException {
        Certificate[] chain = stream.session().getPeerCertificates();
        return chain[0] instanceof X509Certificate certificate
                ? PartRole.of(certificate)
                : Set.of();
    }
}
