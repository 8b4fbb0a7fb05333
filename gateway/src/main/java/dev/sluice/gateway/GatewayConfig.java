package dev.sluice.gateway;

import dev.sluice.tls.LocalCertificates;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;

/**
 * How a gateway behaves.
 *
 * @param listen where it listens; port 0 picks a free one
 * @param certificates without them TLS is refused
 * @param requireTls whether connections without TLS are refused
 * @param authenticationTimeout from accept to proof of the password
 * @param wakeTimeout how long an authenticated client waits for its compute
 * @param maxConnections of clients, authenticated or not
 * @param maxUnauthenticated of clients that have not proved their password yet
 */
public record GatewayConfig(
        InetSocketAddress listen,
        Optional<LocalCertificates> certificates,
        boolean requireTls,
        Duration authenticationTimeout,
        Duration wakeTimeout,
        int maxConnections,
        int maxUnauthenticated) {

    public GatewayConfig {
        if (requireTls && certificates.isEmpty()) {
            throw new IllegalArgumentException("TLS is required, but there are no certificates");
        }
        if (maxConnections < 1 || maxUnauthenticated < 1) {
            throw new IllegalArgumentException("no connection would be let in");
        }
    }

    public static GatewayConfig defaults(
            InetSocketAddress listen, Optional<LocalCertificates> certificates) {
        return new GatewayConfig(
                listen,
                certificates,
                false,
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                20_000,
                10_000);
    }

    public GatewayConfig withRequireTls(boolean required) {
        return new GatewayConfig(
                listen,
                certificates,
                required,
                authenticationTimeout,
                wakeTimeout,
                maxConnections,
                maxUnauthenticated);
    }

    public GatewayConfig withTimeouts(Duration authentication, Duration wake) {
        return new GatewayConfig(
                listen,
                certificates,
                requireTls,
                authentication,
                wake,
                maxConnections,
                maxUnauthenticated);
    }

    public GatewayConfig withLimits(int connections, int unauthenticated) {
        return new GatewayConfig(
                listen,
                certificates,
                requireTls,
                authenticationTimeout,
                wakeTimeout,
                connections,
                unauthenticated);
    }
}
