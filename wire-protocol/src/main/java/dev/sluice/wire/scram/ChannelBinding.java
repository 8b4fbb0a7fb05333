package dev.sluice.wire.scram;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Locale;

/**
 * What ties an exchange to the TLS connection under it: {@code tls-server-end-point} (RFC 5929), a
 * hash of the server's certificate. The hash is that of the certificate's signature, SHA-256 in
 * place of MD5 and SHA-1.
 */
public final class ChannelBinding {
    static final String TYPE = "tls-server-end-point";

    private final byte[] data;

    private ChannelBinding(byte[] data) {
        this.data = data;
    }

    /**
     * @throws IllegalArgumentException if the certificate's signature has no hash of its own
     *     (Ed25519), for which the RFC defines no binding
     */
    public static ChannelBinding serverEndPoint(X509Certificate certificate) {
        String signature = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        int with = signature.indexOf("WITH");
        if (with < 0) {
            throw new IllegalArgumentException(
                    "no tls-server-end-point binding for a certificate signed by " + signature);
        }
        String hash = signature.substring(0, with);
        String digest =
                switch (hash) {
                    case "MD5", "SHA1" -> "SHA-256";
                    default -> hash.replaceFirst("^SHA(?=\\d)", "SHA-");
                };
        try {
            return new ChannelBinding(
                    MessageDigest.getInstance(digest).digest(certificate.getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "no tls-server-end-point binding for a certificate signed by " + signature, e);
        }
    }

    /** The client-final message's {@code c} value: the GS2 header and the data, in Base64. */
    String attribute() {
        byte[] header = ("p=" + TYPE + ",,").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        byte[] all = java.util.Arrays.copyOf(header, header.length + data.length);
        System.arraycopy(data, 0, all, header.length, data.length);
        return ScramHash.base64(all);
    }
}
