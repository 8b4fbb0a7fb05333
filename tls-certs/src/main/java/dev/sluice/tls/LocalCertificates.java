package dev.sluice.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.bouncycastle.asn1.x509.GeneralName;

/**
 * A local certificate authority and the server certificate it signs, in a directory:
 *
 * <pre>
 *   ca.crt       the authority's certificate, for clients: sslrootcert=ca.crt    0644
 *   ca.pem       the authority's private key and certificate                     0600
 *   server.pem   the server's private key and certificate                        0600
 * </pre>
 *
 * <p>A key and its certificate share one file so that they are replaced together or not at all. The
 * server's certificate is valid for a year and made anew when less than a month of it is left, or
 * when it does not name all that it should; the authority's for ten years, and extended (same key,
 * new dates) when less than two are left.
 *
 * <p>OpenSSL's own host check (Python, Node), unlike libpq's and pgjdbc's, takes no wildcard
 * directly below a top-level name: for such clients the domain should have two labels, as {@code
 * db.localhost}.
 */
public final class LocalCertificates {
    static final Duration SERVER_RENEWAL = Duration.ofDays(30);
    private static final Duration AUTHORITY_RENEWAL = Duration.ofDays(730);

    private final Path authorityFile;
    private final X509Certificate authority;
    private final KeyedCertificate server;

    private LocalCertificates(
            Path authorityFile, X509Certificate authority, KeyedCertificate server) {
        this.authorityFile = authorityFile;
        this.authority = authority;
        this.server = server;
    }

    /**
     * Reads the certificates, making those that are missing or near their end. The directory is
     * made if need be.
     *
     * @param domain endpoints are {@code <name>.<domain>}
     * @throws CertificateException if a file is damaged, does not fit the others, or holds a key
     *     that others may read
     */
    public static LocalCertificates openOrCreate(Path directory, String domain) throws IOException {
        return openOrCreate(directory, domain, Clock.systemUTC());
    }

    static LocalCertificates openOrCreate(Path directory, String domain, Clock clock)
            throws IOException {
        Files.createDirectories(directory);
        Instant now = clock.instant();
        LocalAuthority maker = new LocalAuthority(new SecureRandom(), now);
        try {
            KeyedCertificate authority = authority(directory, maker, now);
            KeyedCertificate server = server(directory, domain, authority, maker, now);
            return new LocalCertificates(
                    directory.resolve("ca.crt"), authority.certificate(), server);
        } catch (GeneralSecurityException e) {
            throw new CertificateException(
                    "cannot make certificates in " + directory + ": " + e.getMessage(), e);
        }
    }

    static KeyedCertificate authority(Path directory, LocalAuthority maker, Instant now)
            throws IOException, GeneralSecurityException {
        Path secret = directory.resolve("ca.pem");
        Path open = directory.resolve("ca.crt");
        if (!Files.exists(secret)) {
            KeyedCertificate created = maker.createAuthority();
            PemFiles.writeKeyed(secret, created);
            PemFiles.writeCertificate(open, created.certificate());
            return created;
        }
        KeyedCertificate authority = PemFiles.readKeyed(secret);
        if (authority.certificate().getBasicConstraints() < 0) {
            throw new CertificateException(secret + " is not the certificate of an authority");
        }
        if (endsWithin(AUTHORITY_RENEWAL, authority, now)) {
            authority = maker.renewAuthority(authority);
            PemFiles.writeKeyed(secret, authority);
        } else if (Files.exists(open)) {
            requireSameKey(open, authority.certificate(), secret);
            if (PemFiles.readCertificate(open).equals(authority.certificate())) {
                return authority;
            }
        }
        PemFiles.writeCertificate(open, authority.certificate());
        return authority;
    }

    /** An older certificate of the same key is what a crash during renewal leaves. */
    private static void requireSameKey(Path open, X509Certificate authority, Path secret)
            throws IOException {
        X509Certificate published = PemFiles.readCertificate(open);
        if (!published.getPublicKey().equals(authority.getPublicKey())) {
            throw new CertificateException(
                    "%s is not the certificate in %s: remove it to have it written anew"
                            .formatted(open, secret));
        }
    }

    private static KeyedCertificate server(
            Path directory,
            String domain,
            KeyedCertificate authority,
            LocalAuthority maker,
            Instant now)
            throws IOException, GeneralSecurityException {
        Path file = directory.resolve("server.pem");
        Set<String> names = names(domain);
        if (Files.exists(file)) {
            KeyedCertificate server = PemFiles.readKeyed(file);
            requireSignedBy(authority, server, file);
            if (!endsWithin(SERVER_RENEWAL, server, now) && namesOf(server).containsAll(names)) {
                return server;
            }
        }
        KeyedCertificate created =
                maker.createServer(
                        authority, names.stream().map(LocalCertificates::generalName).toList());
        PemFiles.writeKeyed(file, created);
        return created;
    }

    static void requireSignedBy(KeyedCertificate authority, KeyedCertificate server, Path file)
            throws IOException {
        try {
            server.certificate().verify(authority.certificate().getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new CertificateException(
                    file
                            + " is not signed by the authority beside it: restore ca.pem, or"
                            + " remove "
                            + file
                            + " to have it made anew",
                    e);
        }
    }

    static boolean endsWithin(Duration time, KeyedCertificate keyed, Instant now) {
        return keyed.certificate().getNotAfter().toInstant().isBefore(now.plus(time));
    }

    private static Set<String> names(String domain) {
        Set<String> names = new LinkedHashSet<>();
        names.add("localhost");
        names.add("*.localhost");
        names.add(domain);
        names.add("*." + domain);
        names.add("127.0.0.1");
        names.add("0:0:0:0:0:0:0:1");
        return names;
    }

    static GeneralName generalName(String name) {
        boolean address = name.indexOf(':') >= 0 || Character.isDigit(name.charAt(0));
        return new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, name);
    }

    private static Set<String> namesOf(KeyedCertificate keyed) throws CertificateParsingException {
        Set<String> names = new TreeSet<>();
        Collection<List<?>> found = keyed.certificate().getSubjectAlternativeNames();
        if (found != null) {
            found.forEach(name -> names.add(String.valueOf(name.get(1))));
        }
        return names;
    }

    /** The file that clients name as {@code sslrootcert}. */
    public Path authorityFile() {
        return authorityFile;
    }

    public X509Certificate authority() {
        return authority;
    }

    public KeyedCertificate server() {
        return server;
    }

    /** What the server sends in a handshake: its own certificate, then the authority's. */
    public List<X509Certificate> chain() {
        return List.of(server.certificate(), authority);
    }
}
