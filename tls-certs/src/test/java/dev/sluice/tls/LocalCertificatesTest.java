package dev.sluice.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalCertificatesTest {
    private final Instant now = Instant.now();

    @TempDir Path directory;

    private LocalCertificates open() throws IOException {
        return openAfter(Duration.ZERO);
    }

    private LocalCertificates openAfter(Duration time) throws IOException {
        return LocalCertificates.openOrCreate(
                directory, "db.example", Clock.fixed(now.plus(time), ZoneOffset.UTC));
    }

    @Test
    void theFirstStartMakesThemAndTheNextFindsThem() throws IOException {
        LocalCertificates made = open();
        LocalCertificates found = open();
        assertThat(found.chain()).isEqualTo(made.chain());
        assertThat(found.server().privateKey()).isEqualTo(made.server().privateKey());
        assertThat(names()).containsExactly("ca.crt", "ca.pem", "server.pem");
    }

    private Stream<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList().stream();
        }
    }

    @Test
    void keysAreForTheOwnerAloneAndTheAuthorityIsForEveryone() throws IOException {
        open();
        assertThat(permissions("ca.pem")).isEqualTo("rw-------");
        assertThat(permissions("server.pem")).isEqualTo("rw-------");
        assertThat(permissions("ca.crt")).isEqualTo("rw-r--r--");
        assertThat(Files.readString(directory.resolve("ca.crt"))).doesNotContain("PRIVATE");
    }

    private String permissions(String name) throws IOException {
        return PosixFilePermissions.toString(
                Files.getPosixFilePermissions(directory.resolve(name)));
    }

    @Test
    void aKeyThatOthersMayReadIsRefused() throws IOException {
        open();
        Path file = directory.resolve("server.pem");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(this::open)
                .isInstanceOf(CertificateException.class)
                .hasMessageContaining("chmod 600 " + file);
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "ep-x.localhost", "ep-x.db.example", "::1"})
    void jsseAcceptsTheServerUnderEachOfItsNames(String host) throws Exception {
        handshake(open(), host);
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.com", "a.b.db.example", "127.0.0.2"})
    void jsseRefusesTheServerUnderAnyOtherName(String host) throws IOException {
        LocalCertificates certificates = open();
        assertThatThrownBy(() -> handshake(certificates, host)).isInstanceOf(SSLException.class);
    }

    private static void handshake(LocalCertificates certificates, String host)
            throws IOException, GeneralSecurityException {
        SSLContext context = context(certificates);
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (SSLServerSocket listener =
                (SSLServerSocket)
                        context.getServerSocketFactory().createServerSocket(0, 1, loopback)) {
            Thread server = Thread.ofVirtual().start(() -> acceptOne(listener));
            try (Socket plain = new Socket(loopback, listener.getLocalPort());
                    SSLSocket client =
                            (SSLSocket)
                                    context.getSocketFactory()
                                            .createSocket(plain, host, 5432, true)) {
                SSLParameters parameters = client.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                client.setSSLParameters(parameters);
                client.startHandshake();
            } finally {
                joinUninterrupted(server);
            }
        }
    }

    private static void joinUninterrupted(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void acceptOne(SSLServerSocket listener) {
        try (SSLSocket socket = (SSLSocket) listener.accept()) {
            socket.startHandshake();
        } catch (IOException e) {
            // the client refused: it tells why
            assertThat(e).isNotNull();
        }
    }

    private static SSLContext context(LocalCertificates certificates)
            throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry(
                "server",
                certificates.server().privateKey(),
                new char[0],
                certificates.chain().toArray(Certificate[]::new));
        KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("PKIX");
        keyManagers.init(keys, new char[0]);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("ca", PemFiles.readCertificate(certificates.authorityFile()));
        TrustManagerFactory trustManagers = TrustManagerFactory.getInstance("PKIX");
        trustManagers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
        return context;
    }

    @Test
    void opensslAcceptsTheChain() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "no openssl here");
        open();
        Process process =
                new ProcessBuilder(
                                "/usr/bin/openssl",
                                "verify",
                                "-x509_strict",
                                "-purpose",
                                "sslserver",
                                "-verify_hostname",
                                "ep-x.db.example",
                                "-CAfile",
                                "ca.crt",
                                "server.pem")
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    @Test
    void theServersIsRenewedInItsLastMonth() throws IOException {
        X509Certificate first = open().server().certificate();
        assertThat(openAfter(Duration.ofDays(330)).server().certificate()).isEqualTo(first);
        LocalCertificates renewed = openAfter(Duration.ofDays(336));
        assertThat(renewed.server().certificate()).isNotEqualTo(first);
        assertThat(renewed.authority()).isEqualTo(open().authority());
    }

    @Test
    void theServersIsRenewedWhenTheDomainChanges() throws IOException {
        X509Certificate first = open().server().certificate();
        X509Certificate second =
                LocalCertificates.openOrCreate(directory, "other.example").server().certificate();
        assertThat(second).isNotEqualTo(first);
    }

    @Test
    void theAuthoritysIsExtendedWithTheSameKeySoThatOldOnesStillFit() throws Exception {
        LocalCertificates first = open();
        LocalCertificates later = openAfter(Duration.ofDays(8 * 365 + 10));
        assertThat(later.authority()).isNotEqualTo(first.authority());
        assertThat(PemFiles.readCertificate(later.authorityFile())).isEqualTo(later.authority());
        assertThatCode(() -> later.server().certificate().verify(first.authority().getPublicKey()))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ca.pem", "server.pem", "ca.crt"})
    void damageInAnyFileIsAnErrorThatNamesIt(String name) throws IOException {
        open();
        Path file = directory.resolve(name);
        String text = Files.readString(file);
        for (String bad : new String[] {"", "garbage", text.substring(0, text.length() / 3)}) {
            Files.writeString(file, bad);
            assertThatThrownBy(this::open)
                    .isInstanceOf(CertificateException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("damaged");
        }
    }

    @Test
    void filesOfTwoAuthoritiesDoNotMix(@TempDir Path other) throws IOException {
        open();
        LocalCertificates.openOrCreate(other, "db.example");
        byte[] mine = Files.readAllBytes(directory.resolve("ca.crt"));
        Files.write(directory.resolve("ca.crt"), Files.readAllBytes(other.resolve("ca.crt")));
        assertThatThrownBy(this::open).hasMessageContaining("is not the certificate in");
        Files.write(directory.resolve("ca.crt"), mine);
        Files.write(
                directory.resolve("server.pem"), Files.readAllBytes(other.resolve("server.pem")));
        assertThatThrownBy(this::open).hasMessageContaining("not signed by the authority");
    }

    @Test
    void aKeyOfAnotherCertificateIsRefused() throws IOException {
        open();
        Path file = directory.resolve("server.pem");
        String server = Files.readString(file);
        String authority = Files.readString(directory.resolve("ca.pem"));
        int end = server.indexOf("-----BEGIN CERTIFICATE");
        Files.writeString(
                file,
                authority.substring(0, authority.indexOf("-----BEGIN CERTIFICATE"))
                        + server.substring(end));
        assertThatThrownBy(this::open).hasMessageContaining("the private key is not");
    }

    @Test
    void anAuthorityFileThatWasRemovedIsWrittenAgain() throws IOException {
        LocalCertificates first = open();
        Files.delete(first.authorityFile());
        assertThat(PemFiles.readCertificate(open().authorityFile())).isEqualTo(first.authority());
    }

    @Test
    void keysAreNotPrinted() throws IOException {
        assertThat(open().server()).hasToString("KeyedCertificate[CN=Sluice]");
    }
}
