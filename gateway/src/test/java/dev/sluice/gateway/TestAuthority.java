package dev.sluice.gateway;

import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority like those that operators get their certificates from: RSA, OpenSSL's files. */
final class TestAuthority {
    static final String STORE_PASSWORD = "secret";

    private final Path directory;
    private final String name;
    private final KeyPair keys = newKeys();
    private final X509Certificate certificate;
    private int serial;

    TestAuthority(Path directory, String name) throws IOException {
        this.directory = directory;
        this.name = name;
        this.certificate = sign(name, keys, List.of(), true);
        write(file(), certificate);
    }

    /** The certificates that sign. */
    Path file() {
        return directory.resolve(name + ".crt");
    }

    /** A server's certificate and key in one file. */
    Path server(String... names) throws IOException {
        return server(newKeys(), names);
    }

    /** The same, with a key of its own. */
    Path server(KeyPair own, String... names) throws IOException {
        Path file = directory.resolve(name + "-" + serial + ".pem");
        write(file, sign(names[0], own, List.of(names), false), certificate, own.getPrivate());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return file;
    }

    /** A client's certificate and key, as pgjdbc reads them. */
    Path client(String role) throws IOException {
        return client(role, Instant.now().plus(Duration.ofHours(1)));
    }

    /** The same, but its time is over. */
    Path expiredClient(String role) throws IOException {
        return client(role, Instant.now().minus(Duration.ofMinutes(1)));
    }

    private Path client(String role, Instant until) throws IOException {
        KeyPair own = newKeys();
        Path file = directory.resolve(name + "-" + role + ".p12");
        try (OutputStream out = Files.newOutputStream(file)) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(
                    "user",
                    own.getPrivate(),
                    STORE_PASSWORD.toCharArray(),
                    new Certificate[] {sign(role, own, List.of(), false, until), certificate});
            store.store(out, STORE_PASSWORD.toCharArray());
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
        return file;
    }

    private X509Certificate sign(
            String subject, KeyPair own, List<String> dnsNames, boolean authority)
            throws IOException {
        return sign(subject, own, dnsNames, authority, Instant.now().plus(Duration.ofHours(1)));
    }

    private X509Certificate sign(
            String subject, KeyPair own, List<String> dnsNames, boolean authority, Instant until)
            throws IOException {
        try {
            JcaX509v3CertificateBuilder builder =
                    new JcaX509v3CertificateBuilder(
                            new X500Name("CN=" + name),
                            BigInteger.valueOf(++serial),
                            Date.from(until.minus(Duration.ofHours(2))),
                            Date.from(until),
                            new X500Name("CN=" + subject),
                            own.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            if (!dnsNames.isEmpty()) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(
                                dnsNames.stream()
                                        .map(dns -> new GeneralName(GeneralName.dNSName, dns))
                                        .toArray(GeneralName[]::new)));
            }
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(
                                    new JcaContentSignerBuilder("SHA256withRSA")
                                            .build(keys.getPrivate())));
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new IOException(e);
        }
    }

    private static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void write(Path file, Object... objects) throws IOException {
        try (Writer text = Files.newBufferedWriter(file);
                JcaPEMWriter writer = new JcaPEMWriter(text)) {
            for (Object object : objects) {
                writer.writeObject(object);
            }
        }
    }
}
