package dev.sluice.tls;

import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.jce.ECNamedCurveTable;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.jspecify.annotations.Nullable;

/**
 * What a server shows in a handshake: a certificate with its private key, and the certificates that
 * lead from it to an authority.
 *
 * @param keyed its own
 * @param chain its own first, then its issuers
 * @param names the DNS names it is for, in lower case; {@code *.example.com} stands for one label
 */
public record ServerCertificate(
        KeyedCertificate keyed, List<X509Certificate> chain, Set<String> names) {

    /** Of the curves that TLS 1.3 signs with (RFC 8446, section 4.2.3). */
    private static final Set<BigInteger> ORDERS = orders("P-256", "P-384", "P-521");

    /** Whoever renews certificates by a timer has done so long before. */
    private static final Duration SOON = Duration.ofDays(7);

    public ServerCertificate {
        chain = List.copyOf(chain);
        names = Set.copyOf(names);
    }

    static ServerCertificate of(LocalCertificates local) {
        return new ServerCertificate(
                local.server(), local.chain(), dnsNames(local.server().certificate()));
    }

    /**
     * Reads PEM files as certificate authorities and their clients (certbot, cert-manager) leave
     * them.
     *
     * @param certificates the certificate, then its issuers
     * @param key the private key: PKCS #8, or OpenSSL's own RSA and EC forms; may be the same file.
     *     Not encrypted
     * @throws CertificateException if a file is missing or holds something else, the key is not the
     *     certificate's or of no kind that TLS signs with, or others than the owner may write the
     *     key or everyone may read it
     */
    public static ServerCertificate read(Path certificates, Path key) throws IOException {
        List<X509Certificate> chain = new ArrayList<>();
        for (Object object : objects(certificates)) {
            if (object instanceof X509CertificateHolder holder) {
                chain.add(certificate(certificates, holder));
            }
        }
        if (chain.isEmpty()) {
            throw new CertificateException(certificates + " holds no certificate");
        }
        requireKnownKey(certificates, chain.getFirst());
        PemFiles.requireNotForEveryone(key);
        KeyedCertificate keyed = new KeyedCertificate(chain.getFirst(), privateKey(key));
        if (!keyed.matches()) {
            throw new CertificateException(
                    key + " is not the private key of the first certificate in " + certificates);
        }
        return new ServerCertificate(keyed, chain, dnsNames(chain.getFirst()));
    }

    /** With a key of another kind every handshake would fail, and clients would not learn why. */
    private static void requireKnownKey(Path file, X509Certificate certificate)
            throws CertificateException {
        PublicKey key = certificate.getPublicKey();
        boolean known =
                switch (key) {
                    case RSAPublicKey _ -> true;
                    case ECPublicKey ec -> ORDERS.contains(ec.getParams().getOrder());
                    default -> false;
                };
        if (!known) {
            throw new CertificateException(
                    ("the certificate in %s has a key of the kind %s: it must be RSA, or EC on one"
                                    + " of the curves P-256, P-384 and P-521")
                            .formatted(file, kind(key)));
        }
    }

    private static String kind(PublicKey key) {
        return key.getAlgorithm().equals("EC") ? "EC on another curve" : key.getAlgorithm();
    }

    private static Set<BigInteger> orders(String... curves) {
        Set<BigInteger> orders = new HashSet<>();
        for (String curve : curves) {
            orders.add(ECNamedCurveTable.getParameterSpec(curve).getN());
        }
        return Set.copyOf(orders);
    }

    /**
     * What an operator should know of its time: that it is over, has not come, or ends soon. None
     * of them keeps it from being shown, since clients need not check it.
     */
    public Optional<String> concern(Instant now) {
        Instant from = keyed.certificate().getNotBefore().toInstant();
        Instant until = keyed.certificate().getNotAfter().toInstant();
        Optional<String> concern = Optional.empty();
        if (now.isAfter(until)) {
            concern = Optional.of("expired on " + until);
        } else if (now.isBefore(from)) {
            concern = Optional.of("is not valid before " + from);
        } else if (now.isAfter(until.minus(SOON))) {
            concern = Optional.of("expires on " + until);
        }
        return concern.map(what -> "the certificate for " + shownNames() + " " + what);
    }

    private String shownNames() {
        return names.isEmpty()
                ? keyed.certificate().getSubjectX500Principal().getName()
                : String.join(", ", new TreeSet<>(names));
    }

    /** Reads the certificates of authorities, as many as the file holds. */
    static List<X509Certificate> readAuthorities(Path file) throws IOException {
        List<X509Certificate> authorities = new ArrayList<>();
        for (Object object : objects(file)) {
            if (object instanceof X509CertificateHolder holder) {
                authorities.add(certificate(file, holder));
            }
        }
        if (authorities.isEmpty()) {
            throw new CertificateException(file + " holds no certificate");
        }
        return authorities;
    }

    private static X509Certificate certificate(Path file, X509CertificateHolder holder)
            throws IOException {
        try {
            return new JcaX509CertificateConverter().getCertificate(holder);
        } catch (GeneralSecurityException e) {
            throw new CertificateException(file + " holds a damaged certificate", e);
        }
    }

    private static PrivateKey privateKey(Path file) throws IOException {
        for (Object object : objects(file)) {
            @Nullable PrivateKeyInfo info =
                    switch (object) {
                        case PrivateKeyInfo plain -> plain;
                        case PEMKeyPair pair -> pair.getPrivateKeyInfo();
                        default -> null;
                    };
            if (info != null) {
                return new JcaPEMKeyConverter().getPrivateKey(info);
            }
        }
        throw new CertificateException(file + " holds no private key, or an encrypted one");
    }

    private static List<Object> objects(Path file) throws IOException {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new CertificateException("cannot read " + file + ": " + e, e);
        }
        List<Object> objects = new ArrayList<>();
        try (PEMParser parser = new PEMParser(new StringReader(text))) {
            for (Object next = parser.readObject(); next != null; next = parser.readObject()) {
                objects.add(next);
            }
        } catch (IOException | RuntimeException e) {
            throw new CertificateException(file + " is not a PEM file: " + e.getMessage(), e);
        }
        return objects;
    }

    private static Set<String> dnsNames(X509Certificate certificate) {
        Set<String> names = new TreeSet<>();
        try {
            Collection<List<?>> found = certificate.getSubjectAlternativeNames();
            if (found != null) {
                for (List<?> name : found) {
                    if (Integer.valueOf(GeneralName.dNSName).equals(name.get(0))) {
                        names.add(String.valueOf(name.get(1)).toLowerCase(Locale.ROOT));
                    }
                }
            }
        } catch (CertificateParsingException e) {
            // A certificate whose names nobody can read is for no name.
            return Set.of();
        }
        return names;
    }

    @Override
    public String toString() {
        return "ServerCertificate" + names;
    }
}
