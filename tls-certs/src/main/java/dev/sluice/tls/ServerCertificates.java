package dev.sluice.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The certificates of a server that has several, chosen by the name that a client asks for (SNI,
 * RFC 6066).
 */
public final class ServerCertificates {
    private final ServerCertificate first;
    private final Map<String, ServerCertificate> byName = new HashMap<>();
    private final List<X509Certificate> clientAuthorities;

    /**
     * @param all the first is shown where no other fits; of two for one name the first counts
     * @param clientAuthorities who signs the clients' certificates; empty to ask clients for none
     */
    public ServerCertificates(
            List<ServerCertificate> all, List<X509Certificate> clientAuthorities) {
        this.first = all.getFirst();
        for (ServerCertificate certificate : all) {
            for (String name : certificate.names()) {
                byName.putIfAbsent(name, certificate);
            }
        }
        this.clientAuthorities = List.copyOf(clientAuthorities);
    }

    public static ServerCertificates of(LocalCertificates local) {
        return new ServerCertificates(List.of(ServerCertificate.of(local)), List.of());
    }

    /** These, and asking clients for a certificate of the authorities in the file. */
    public ServerCertificates withClientAuthorities(Path file) throws IOException {
        return new ServerCertificates(all(), ServerCertificate.readAuthorities(file));
    }

    /** These, after the given ones. */
    public ServerCertificates after(List<ServerCertificate> preferred) {
        List<ServerCertificate> all = new ArrayList<>(preferred);
        all.addAll(all());
        return new ServerCertificates(all, clientAuthorities);
    }

    /** Each once, the first first. */
    public List<ServerCertificate> all() {
        return Stream.concat(Stream.of(first), byName.values().stream()).distinct().toList();
    }

    /**
     * The certificate for a name: its own, one with a wildcard for its first label, or the first.
     *
     * @param serverName as the client sent it; null when it sent none
     */
    public ServerCertificate of(@Nullable String serverName) {
        if (serverName == null) {
            return first;
        }
        String name = serverName.toLowerCase(Locale.ROOT);
        ServerCertificate exact = byName.get(name);
        if (exact != null) {
            return exact;
        }
        int dot = name.indexOf('.');
        return dot < 0 ? first : byName.getOrDefault("*" + name.substring(dot), first);
    }

    public List<X509Certificate> clientAuthorities() {
        return clientAuthorities;
    }
}
