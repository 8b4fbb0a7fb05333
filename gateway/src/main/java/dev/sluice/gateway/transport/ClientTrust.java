package dev.sluice.gateway.transport;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.internal.tcnative.CertificateVerifier;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whose certificates clients may show. What is wrong with one is told by an alert of its own (RFC
 * 8446, section 6.2): {@code certificate_expired} or {@code unknown_ca}. Netty on its own knows the
 * first of them only, and answers all else with {@code internal_error}, as if the fault were ours.
 */
final class ClientTrust extends X509ExtendedTrustManager {
    private final X509ExtendedTrustManager authorities;

    private ClientTrust(X509ExtendedTrustManager authorities) {
        this.authorities = authorities;
    }

    /**
     * @throws SSLException if they cannot be used
     */
    static ClientTrust of(List<X509Certificate> authorities) throws SSLException {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (int i = 0; i < authorities.size(); i++) {
                store.setCertificateEntry(Integer.toString(i), authorities.get(i));
            }
            TrustManagerFactory factory =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509ExtendedTrustManager extended) {
                    return new ClientTrust(extended);
                }
            }
            throw new SSLException("this JDK cannot check certificates");
        } catch (GeneralSecurityException | IOException e) {
            throw new SSLException("the authorities of clients cannot be used", e);
        }
    }

    /**
     * What was wrong with a client's certificate, if that is why a handshake failed; in the words
     * of a connection log.
     */
    static Optional<String> fault(@Nullable Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            // The words of BoringSSL and of the JDK.
            if (message.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE")
                    || message.contains("Empty client certificate chain")) {
                return Optional.of("the client showed no certificate");
            }
            if (cause instanceof CertificateException refusal) {
                return Optional.of(
                        "the client's certificate "
                                + switch (validity(refusal)) {
                                    case EXPIRED -> "has expired";
                                    case NOT_YET_VALID -> "is not valid yet";
                                    default -> "is of no authority that is known here";
                                });
            }
        }
        return Optional.empty();
    }

    private static BasicReason validity(CertificateException refusal) {
        for (Throwable cause = refusal; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case CertificateExpiredException _ -> {
                    return BasicReason.EXPIRED;
                }
                case CertificateNotYetValidException _ -> {
                    return BasicReason.NOT_YET_VALID;
                }
                case CertPathValidatorException path
                        when path.getReason() instanceof BasicReason reason
                                && reason != BasicReason.UNSPECIFIED -> {
                    return reason;
                }
                default -> {}
            }
        }
        return BasicReason.UNSPECIFIED;
    }

    private static CertificateException told(CertificateException refusal) {
        if (!OpenSsl.isAvailable()) {
            return refusal;
        }
        return new OpenSslCertificateException(
                refusal.getMessage(),
                refusal,
                switch (validity(refusal)) {
                    case EXPIRED -> CertificateVerifier.X509_V_ERR_CERT_HAS_EXPIRED;
                    case NOT_YET_VALID -> CertificateVerifier.X509_V_ERR_CERT_NOT_YET_VALID;
                    default -> CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
                });
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        try {
            authorities.checkClientTrusted(chain, authType, engine);
        } catch (CertificateException e) {
            throw told(e);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        authorities.checkClientTrusted(chain, authType, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        authorities.checkClientTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        authorities.checkServerTrusted(chain, authType, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        authorities.checkServerTrusted(chain, authType, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        authorities.checkServerTrusted(chain, authType);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return authorities.getAcceptedIssuers();
    }
}
