package dev.sluice.gateway.door;

import dev.sluice.gateway.cancel.CancelPeers;
import dev.sluice.gateway.routing.AddressRange;
import dev.sluice.gateway.token.TokenProvider;
import dev.sluice.tls.ServerCertificates;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * What an operator decides about who comes in. Replaced as a whole when the operator changes his
 * mind; connections that are in already stay.
 *
 * @param certificates without them TLS is refused
 * @param requireTls whether connections without TLS are refused
 * @param clientCertificates what is asked of clients besides a password
 * @param proxies whose connections begin with a PROXY protocol header (version 2) that says whom
 *     they are for; nobody else's may
 * @param attempts to connect to one endpoint
 * @param wrongPasswords from one network (/24, or /64 of IPv6) for one endpoint
 * @param cancelPeers the other gateways behind the same name, if there are any
 * @param tokens whose tokens do in place of a password, over HTTP
 */
public record DoorRules(
        Optional<ServerCertificates> certificates,
        boolean requireTls,
        ClientCertificates clientCertificates,
        List<AddressRange> proxies,
        RateLimit attempts,
        RateLimit wrongPasswords,
        Optional<CancelPeers> cancelPeers,
        List<TokenProvider> tokens) {

    /** The reference's fallback for attempts; passwords as fast as people forget them. */
    public static final RateLimit ATTEMPTS = new RateLimit(600, 1500);

    public static final RateLimit WRONG_PASSWORDS = new RateLimit(1, 60);

    /** Whether a client must show a certificate. */
    public enum ClientCertificates {
        /** Clients are not asked. */
        NONE,
        /** One that is shown must be of an authority that is known. */
        OPTIONAL,
        /** Connections without a good one, or without TLS, are refused. */
        REQUIRED
    }

    public DoorRules {
        proxies = List.copyOf(proxies);
        tokens = List.copyOf(tokens);
        if (requireTls && certificates.isEmpty()) {
            throw new IllegalArgumentException("TLS is required, but there are no certificates");
        }
        boolean known =
                certificates.isPresent() && !certificates.get().clientAuthorities().isEmpty();
        if (clientCertificates != ClientCertificates.NONE && !known) {
            throw new IllegalArgumentException(
                    "client certificates are asked for, but no authority is named that signs them");
        }
    }

    public static DoorRules of(Optional<ServerCertificates> certificates) {
        return new DoorRules(
                certificates,
                false,
                ClientCertificates.NONE,
                List.of(),
                ATTEMPTS,
                WRONG_PASSWORDS,
                Optional.empty(),
                List.of());
    }

    public DoorRules withLimits(RateLimit newAttempts, RateLimit newWrongPasswords) {
        return new DoorRules(
                certificates,
                requireTls,
                clientCertificates,
                proxies,
                newAttempts,
                newWrongPasswords,
                cancelPeers,
                tokens);
    }

    public DoorRules withCancelPeers(CancelPeers peers) {
        return new DoorRules(
                certificates,
                requireTls,
                clientCertificates,
                proxies,
                attempts,
                wrongPasswords,
                Optional.of(peers),
                tokens);
    }

    public DoorRules withTokens(List<TokenProvider> providers) {
        return new DoorRules(
                certificates,
                requireTls,
                clientCertificates,
                proxies,
                attempts,
                wrongPasswords,
                cancelPeers,
                providers);
    }

    /** Whether connections in clear are refused: they cannot show a certificate either. */
    public boolean requiresEncryption() {
        return requireTls || clientCertificates == ClientCertificates.REQUIRED;
    }

    public boolean isProxy(InetAddress peer) {
        for (AddressRange range : proxies) {
            if (range.contains(peer)) {
                return true;
            }
        }
        return false;
    }
}
