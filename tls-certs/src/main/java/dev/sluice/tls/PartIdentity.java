package dev.sluice.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who a part is and whom it trusts: its key and certificate, and the authority's certificate, read
 * from their files, and again when those have been replaced. Any number of threads.
 */
public final class PartIdentity {
    private static final Logger log = LoggerFactory.getLogger(PartIdentity.class);
    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

    private final Path keyed;
    private final Path authority;
    private List<Object> state;
    private SSLContext context;
    private long lookedAt = System.nanoTime();

    private PartIdentity(Path keyed, Path authority) throws IOException {
        this.keyed = keyed;
        this.authority = authority;
        this.state = stateOfFiles();
        this.context = read();
    }

    /**
     * @param keyed a file as {@link PartCertificates} makes it
     * @param authority the certificate of the authority, PEM
     * @throws IOException if a file is missing, damaged, or a key that others may read
     */
    public static PartIdentity of(Path keyed, Path authority) throws IOException {
        return new PartIdentity(keyed, authority);
    }

    /**
     * For handshakes from now on. The files are looked at once a second at most; while what is in
     * them cannot be used, what was read before is.
     */
    public synchronized SSLContext context() {
        if (System.nanoTime() - lookedAt < LOOK_NANOS) {
            return context;
        }
        lookedAt = System.nanoTime();
        try {
            List<Object> now = stateOfFiles();
            if (!now.equals(state)) {
                context = read();
                state = now;
                log.info("{} has been replaced and is in use", keyed);
            }
        } catch (IOException e) {
            log.warn("{} is used as it was before: {}", keyed, e.getMessage());
        }
        return context;
    }

    private List<Object> stateOfFiles() throws IOException {
        return List.of(stateOf(keyed), stateOf(authority));
    }

    private static List<Object> stateOf(Path file) throws IOException {
        BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
        return List.of(now.lastModifiedTime(), now.size(), String.valueOf(now.fileKey()));
    }

    private SSLContext read() throws IOException {
        KeyedCertificate own = PemFiles.readKeyed(keyed);
        X509Certificate trusted = PemFiles.readCertificate(authority);
        try {
            own.certificate().verify(trusted.getPublicKey());
            char[] noPassword = new char[0];
            KeyStore keys = empty();
            keys.setKeyEntry(
                    "part",
                    own.privateKey(),
                    noPassword,
                    new Certificate[] {own.certificate(), trusted});
            KeyManagerFactory keyManagers =
                    KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keyManagers.init(keys, noPassword);
            KeyStore trust = empty();
            trust.setCertificateEntry("authority", trusted);
            TrustManagerFactory trustManagers =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trustManagers.init(trust);
            SSLContext made = SSLContext.getInstance("TLSv1.3");
            made.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
            return made;
        } catch (GeneralSecurityException e) {
            throw new CertificateException(
                    "%s does not fit %s: %s".formatted(keyed, authority, e.getMessage()), e);
        }
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    @Override
    public String toString() {
        return "PartIdentity[" + keyed + "]";
    }
}
