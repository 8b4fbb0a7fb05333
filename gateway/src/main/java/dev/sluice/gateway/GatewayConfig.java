package dev.sluice.gateway;

import dev.sluice.gateway.door.DoorRules;
import dev.sluice.tls.LocalCertificates;
import dev.sluice.tls.ServerCertificates;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;

/**
 * How a gateway behaves.
 *
 * @param listen where it listens; port 0 picks a free one
 * @param certificates the gateway's own identity; what it shows to clients is in the rules
 * @param rules who may come in, until others are set
 * @param authenticationTimeout from accept to proof of the password
 * @param wakeTimeout how long an authenticated client waits for its compute
 * @param maxConnections of clients, authenticated or not
 * @param maxUnauthenticated of clients that have not proved their password yet
 */
public record GatewayConfig(
        InetSocketAddress listen,
        Optional<LocalCertificates> certificates,
        DoorRules rules,
        Duration authenticationTimeout,
        Duration wakeTimeout,
        int maxConnections,
        int maxUnauthenticated) {

    public GatewayConfig {
        if (maxConnections < 1 || maxUnauthenticated < 1) {
            throw new IllegalArgumentException("no connection would be let in");
        }
    }

    public static GatewayConfig defaults(
            InetSocketAddress listen, Optional<LocalCertificates> certificates) {
        return new GatewayConfig(
                listen,
                certificates,
                DoorRules.of(certificates.map(ServerCertificates::of)),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                20_000,
                10_000);
    }

    public GatewayConfig withRules(DoorRules newRules) {
        return new GatewayConfig(
                listen,
                certificates,
                newRules,
                authenticationTimeout,
                wakeTimeout,
                maxConnections,
                maxUnauthenticated);
    }

    public GatewayConfig withTimeouts(Duration authentication, Duration wake) {
        return new GatewayConfig(
                listen,
                certificates,
                rules,
                authentication,
                wake,
                maxConnections,
                maxUnauthenticated);
    }

    public GatewayConfig withLimits(int connections, int unauthenticated) {
        return new GatewayConfig(
                listen,
                certificates,
                rules,
                authenticationTimeout,
                wakeTimeout,
                connections,
                unauthenticated);
    }
}
