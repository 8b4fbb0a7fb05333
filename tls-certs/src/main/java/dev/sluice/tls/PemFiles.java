package dev.sluice.tls;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Objects;
import java.util.Set;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.jspecify.annotations.Nullable;

/**
 * PEM files as OpenSSL reads them (RFC 7468). A file is replaced whole or not at all, and one that
 * holds a private key never exists with wider permissions than {@code 0600}.
 */
final class PemFiles {
    private static final Set<PosixFilePermission> SECRET =
            PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> PUBLIC =
            PosixFilePermissions.fromString("rw-r--r--");

    private PemFiles() {}

    /** Writes the key (PKCS #8) and the certificate. */
    static void writeKeyed(Path file, KeyedCertificate keyed) throws IOException {
        replace(
                file,
                SECRET,
                pem(new JcaPKCS8Generator(keyed.privateKey(), null).generate())
                        + pem(keyed.certificate()));
    }

    /** Writes the certificate alone, for everyone to read. */
    static void writeCertificate(Path file, X509Certificate certificate) throws IOException {
        replace(file, PUBLIC, pem(certificate));
    }

    private static String pem(Object object) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        }
        return text.toString();
    }

    private static void replace(Path file, Set<PosixFilePermission> permissions, String text)
            throws IOException {
        Path directory = Objects.requireNonNull(file.toAbsolutePath().getParent(), "a directory");
        boolean posix = isPosix(directory);
        Path temporary =
                posix
                        ? Files.createTempFile(
                                directory,
                                file.getFileName() + ".",
                                ".new",
                                PosixFilePermissions.asFileAttribute(SECRET))
                        : Files.createTempFile(directory, file.getFileName() + ".", ".new");
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = StandardCharsets.US_ASCII.encode(text);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            if (posix) {
                Files.setPosixFilePermissions(temporary, permissions);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static boolean isPosix(Path path) throws IOException {
        return Files.getFileStore(path).supportsFileAttributeView(PosixFileAttributeView.class);
    }

    /**
     * Reads what {@link #writeKeyed} writes.
     *
     * @throws CertificateException if it is not that, or others than the owner may read it
     */
    static KeyedCertificate readKeyed(Path file) throws IOException {
        requireSecret(file);
        PrivateKey key = null;
        X509Certificate certificate = null;
        try (PEMParser parser = new PEMParser(new StringReader(text(file)))) {
            for (Object object = parser.readObject();
                    object != null;
                    object = parser.readObject()) {
                switch (object) {
                    case PrivateKeyInfo info -> key = new JcaPEMKeyConverter().getPrivateKey(info);
                    case X509CertificateHolder holder ->
                            certificate = new JcaX509CertificateConverter().getCertificate(holder);
                    default -> throw damaged(file, "unexpected " + object.getClass(), null);
                }
            }
        } catch (CertificateException e) {
            throw e;
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            throw damaged(file, String.valueOf(e.getMessage()), e);
        }
        if (key == null || certificate == null) {
            throw damaged(file, key == null ? "no private key" : "no certificate", null);
        }
        KeyedCertificate keyed = new KeyedCertificate(certificate, key);
        if (!keyed.matches()) {
            throw damaged(file, "the private key is not the certificate's", null);
        }
        return keyed;
    }

    /** Reads what {@link #writeCertificate} writes. */
    static X509Certificate readCertificate(Path file) throws IOException {
        try (PEMParser parser = new PEMParser(new StringReader(text(file)))) {
            if (parser.readObject() instanceof X509CertificateHolder holder) {
                return new JcaX509CertificateConverter().getCertificate(holder);
            }
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            throw damaged(file, String.valueOf(e.getMessage()), e);
        }
        throw damaged(file, "no certificate", null);
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.US_ASCII);
    }

    private static void requireSecret(Path file) throws IOException {
        if (isPosix(file) && !SECRET.containsAll(Files.getPosixFilePermissions(file))) {
            throw new CertificateException(
                    file + " holds a private key and others may read it: chmod 600 " + file);
        }
    }

    /** As Postgres and ssh have it: a key that everyone may read is no secret. */
    static void requireNotForEveryone(Path file) throws IOException {
        if (Files.exists(file)
                && isPosix(file)
                && Files.getPosixFilePermissions(file).stream()
                        .anyMatch(permission ->
                                permission.name().startsWith("OTHERS_")
                                        || permission == PosixFilePermission.GROUP_WRITE)) {
            throw new CertificateException(
                    file + " holds a private key and others may use it: chmod 640 " + file);
        }
    }

    private static CertificateException damaged(Path file, String what, @Nullable Exception cause) {
        String message =
                file + " is damaged (" + what + "): restore it, or remove it to have it made anew";
        return cause == null
                ? new CertificateException(message)
                : new CertificateException(message, cause);
    }
}
