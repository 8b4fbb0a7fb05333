package dev.sluice.tls;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Makes certificates: EC P-256 keys, signed with ECDSA and SHA-256.
 *
 * <p>Each is valid from a day before it is made, for the sake of machines whose clocks are behind.
 */
final class LocalAuthority {
    static final String SIGNATURE = "SHA256withECDSA";
    static final Duration AUTHORITY_LIFE = Duration.ofDays(3650);
    static final Duration SERVER_LIFE = Duration.ofDays(365);

    private static final Duration CLOCK_SKEW = Duration.ofDays(1);
    private static final int SERIAL_BITS = 127;

    private final SecureRandom random;
    private final Instant now;

    LocalAuthority(SecureRandom random, Instant now) {
        this.random = random;
        this.now = now;
    }

    /** A new authority that trusts nobody but itself. */
    KeyedCertificate createAuthority() throws GeneralSecurityException {
        KeyPair keys = newKeys();
        byte[] id = new byte[4];
        random.nextBytes(id);
        X500Name name = name("Sluice local CA " + java.util.HexFormat.of().formatHex(id));
        return authority(name, keys.getPublic(), keys.getPrivate());
    }

    /** The same authority, name and key, with a new period of validity. */
    KeyedCertificate renewAuthority(KeyedCertificate old) throws GeneralSecurityException {
        X500Name name =
                X500Name.getInstance(old.certificate().getSubjectX500Principal().getEncoded());
        return authority(name, old.certificate().getPublicKey(), old.privateKey());
    }

    private KeyedCertificate authority(X500Name name, PublicKey publicKey, PrivateKey privateKey)
            throws GeneralSecurityException {
        try {
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            X509v3CertificateBuilder builder =
                    builder(name, name, publicKey, now.plus(AUTHORITY_LIFE))
                            .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
                            .addExtension(
                                    Extension.keyUsage,
                                    true,
                                    new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
                            .addExtension(
                                    Extension.subjectKeyIdentifier,
                                    false,
                                    extensions.createSubjectKeyIdentifier(publicKey));
            return new KeyedCertificate(sign(builder, privateKey), privateKey);
        } catch (CertIOException e) {
            throw new GeneralSecurityException("cannot make the authority's certificate", e);
        }
    }

    /** A certificate for these names, signed by the authority; it does not outlive it. */
    KeyedCertificate createServer(KeyedCertificate authority, List<GeneralName> names)
            throws GeneralSecurityException {
        return create(
                authority, "Sluice", names, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
    }

    /** The same for one that also connects to others. */
    KeyedCertificate createPart(
            KeyedCertificate authority, String commonName, List<GeneralName> names)
            throws GeneralSecurityException {
        return create(
                authority,
                commonName,
                names,
                new ExtendedKeyUsage(
                        new KeyPurposeId[] {
                            KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                        }));
    }

    private KeyedCertificate create(
            KeyedCertificate authority,
            String commonName,
            List<GeneralName> names,
            ExtendedKeyUsage usage)
            throws GeneralSecurityException {
        KeyPair keys = newKeys();
        X509Certificate issuer = authority.certificate();
        Instant end = now.plus(SERVER_LIFE);
        Instant issuerEnd = issuer.getNotAfter().toInstant();
        try {
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            X509v3CertificateBuilder builder =
                    builder(
                                    X500Name.getInstance(
                                            issuer.getSubjectX500Principal().getEncoded()),
                                    name(commonName),
                                    keys.getPublic(),
                                    end.isBefore(issuerEnd) ? end : issuerEnd)
                            .addExtension(
                                    Extension.basicConstraints, true, new BasicConstraints(false))
                            .addExtension(
                                    Extension.keyUsage,
                                    true,
                                    new KeyUsage(KeyUsage.digitalSignature))
                            .addExtension(Extension.extendedKeyUsage, false, usage)
                            .addExtension(
                                    Extension.subjectAlternativeName,
                                    false,
                                    new GeneralNames(names.toArray(GeneralName[]::new)))
                            .addExtension(
                                    Extension.subjectKeyIdentifier,
                                    false,
                                    extensions.createSubjectKeyIdentifier(keys.getPublic()))
                            .addExtension(
                                    Extension.authorityKeyIdentifier,
                                    false,
                                    extensions.createAuthorityKeyIdentifier(issuer.getPublicKey()));
            return new KeyedCertificate(sign(builder, authority.privateKey()), keys.getPrivate());
        } catch (CertIOException e) {
            throw new GeneralSecurityException("cannot make a certificate", e);
        }
    }

    private KeyPair newKeys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"), random);
        return generator.generateKeyPair();
    }

    private X509v3CertificateBuilder builder(
            X500Name issuer, X500Name subject, PublicKey key, Instant end) {
        return new JcaX509v3CertificateBuilder(
                issuer,
                new BigInteger(SERIAL_BITS, random),
                Date.from(now.minus(CLOCK_SKEW)),
                Date.from(end),
                subject,
                key);
    }

    private static X500Name name(String commonName) {
        return new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, commonName).build();
    }

    private X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(
                                    new JcaContentSignerBuilder(SIGNATURE)
                                            .setSecureRandom(random)
                                            .build(key)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException("cannot sign a certificate", e);
        }
    }
}
