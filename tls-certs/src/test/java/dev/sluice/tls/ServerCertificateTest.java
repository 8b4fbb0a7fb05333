package dev.sluice.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.Writer;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jce.spec.ECNamedCurveGenParameterSpec;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerCertificateTest {
    private static final Instant FROM = Instant.parse("2026-03-01T00:00:00Z");
    private static final Instant UNTIL = Instant.parse("2026-06-01T00:00:00Z");

    /** Knows the curves that the JDK does not. */
    private static final Provider EVERY_CURVE = new BouncyCastleProvider();

    @TempDir Path directory;

    private Path keyOn(String curve) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", EVERY_CURVE);
        generator.initialize(new ECNamedCurveGenParameterSpec(curve));
        return file(generator.generateKeyPair());
    }

    private Path file(KeyPair keys) throws Exception {
        X500Name name = new X500Name("CN=db.example.com");
        JcaX509v3CertificateBuilder builder =
                new JcaX509v3CertificateBuilder(
                        name,
                        BigInteger.ONE,
                        Date.from(FROM),
                        Date.from(UNTIL),
                        name,
                        keys.getPublic());
        Path file = directory.resolve("server.pem");
        try (Writer out = Files.newBufferedWriter(file);
                JcaPEMWriter pem = new JcaPEMWriter(out)) {
            pem.writeObject(
                    builder.build(
                            new JcaContentSignerBuilder("SHA256withECDSA")
                                    .setProvider(EVERY_CURVE)
                                    .build(keys.getPrivate())));
            pem.writeObject(keys.getPrivate());
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return file;
    }

    @ParameterizedTest
    @ValueSource(strings = {"secp256r1", "secp384r1", "secp521r1"})
    void curvesThatTlsSignsWith(String curve) throws Exception {
        Path file = keyOn(curve);
        assertThatCode(() -> ServerCertificate.read(file, file)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"secp256k1", "brainpoolP256r1", "secp224r1"})
    void otherCurvesAreToldByName(String curve) throws Exception {
        Path file = keyOn(curve);
        assertThatThrownBy(() -> ServerCertificate.read(file, file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("EC on one of the curves P-256, P-384 and P-521");
    }

    @Test
    void aTimeThatIsOverOrSoonOverIsAConcern() throws Exception {
        Path file = keyOn("secp256r1");
        ServerCertificate certificate = ServerCertificate.read(file, file);
        assertThat(certificate.concern(FROM.plus(Duration.ofDays(1)))).isEmpty();
        assertThat(certificate.concern(UNTIL.minus(Duration.ofDays(8)))).isEmpty();
        assertThat(certificate.concern(FROM.minusSeconds(1)))
                .hasValue("the certificate for CN=db.example.com is not valid before " + FROM);
        assertThat(certificate.concern(UNTIL.minus(Duration.ofDays(6))))
                .hasValue("the certificate for CN=db.example.com expires on " + UNTIL);
        assertThat(certificate.concern(UNTIL.plusSeconds(1)))
                .hasValue("the certificate for CN=db.example.com expired on " + UNTIL);
    }
}
