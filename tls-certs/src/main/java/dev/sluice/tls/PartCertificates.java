package dev.sluice.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bouncycastle.asn1.x509.GeneralName;

/**
 * The certificates with which parts know each other, signed by the authority of {@link
 * LocalCertificates} in the directory above:
 *
 * <pre>
 *   ca.crt, ca.pem     the authority
 *   parts/NAME.pem     a part's private key and certificate                        0600
 * </pre>
 *
 * <p>Each serves both ends of a connection. What its holder is stands in it as a subject
 * alternative name of type URI; the host names beside it are for clients that check those, as
 * libpq's {@code verify-full} does. A certificate is made anew when less than a month of its year
 * is left, or when a name is missing; the parts find that by themselves ({@link PartIdentity}).
 */
public final class PartCertificates {
    private static final String FOLDER = "parts";

    private PartCertificates() {}

    /** Where the key and certificate of a part are. */
    public static Path file(Path directory, String name) {
        return directory.resolve(FOLDER).resolve(name + ".pem");
    }

    /**
     * Makes those that are missing or near their end, and the authority if there is none.
     *
     * @param roles for each name the URI that goes into its certificate
     * @param hosts names and addresses at which the parts may be reached
     * @return the names of those that were made
     * @throws CertificateException if a file is damaged or does not fit the authority
     */
    public static List<String> issue(
            Path directory, Map<String, String> roles, Collection<String> hosts)
            throws IOException {
        return issue(directory, roles, hosts, Clock.systemUTC());
    }

    static List<String> issue(
            Path directory, Map<String, String> roles, Collection<String> hosts, Clock clock)
            throws IOException {
        Files.createDirectories(directory.resolve(FOLDER));
        Instant now = clock.instant();
        LocalAuthority maker = new LocalAuthority(new SecureRandom(), now);
        List<String> made = new ArrayList<>();
        try {
            KeyedCertificate authority = LocalCertificates.authority(directory, maker, now);
            for (Map.Entry<String, String> role : roles.entrySet()) {
                Path file = file(directory, role.getKey());
                if (!isGood(file, authority, role.getValue(), hosts, now)) {
                    PemFiles.writeKeyed(
                            file,
                            maker.createPart(
                                    authority,
                                    "Sluice " + role.getKey(),
                                    names(role.getValue(), hosts)));
                    made.add(role.getKey());
                }
            }
        } catch (GeneralSecurityException e) {
            throw new CertificateException(
                    "cannot make certificates in " + directory + ": " + e.getMessage(), e);
        }
        return made;
    }

    private static boolean isGood(
            Path file,
            KeyedCertificate authority,
            String uri,
            Collection<String> hosts,
            Instant now)
            throws IOException {
        if (!Files.exists(file)) {
            return false;
        }
        KeyedCertificate keyed = PemFiles.readKeyed(file);
        LocalCertificates.requireSignedBy(authority, keyed, file);
        Set<String> names = namesOf(keyed.certificate());
        return !LocalCertificates.endsWithin(LocalCertificates.SERVER_RENEWAL, keyed, now)
                && names.contains(uri)
                && names.containsAll(hosts);
    }

    private static List<GeneralName> names(String uri, Collection<String> hosts) {
        List<GeneralName> names = new ArrayList<>();
        names.add(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
        hosts.forEach(host -> names.add(LocalCertificates.generalName(host)));
        return names;
    }

    private static Set<String> namesOf(X509Certificate certificate) throws CertificateException {
        Set<String> names = new HashSet<>();
        try {
            Collection<List<?>> all = certificate.getSubjectAlternativeNames();
            if (all != null) {
                all.forEach(name -> names.add(String.valueOf(name.get(1))));
            }
        } catch (CertificateParsingException e) {
            throw new CertificateException("a certificate's names cannot be read", e);
        }
        return names;
    }
}
