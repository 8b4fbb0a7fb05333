package dev.sluice.gateway;

import dev.sluice.gateway.door.DoorRules;
import dev.sluice.gateway.pooling.PoolSettings;
import dev.sluice.gateway.transport.Transport;
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
 * @param keepAwake how long an idle session that no other compute could be given (temporary tables,
 *     session locks, an open transaction …) keeps its compute from being suspended
 * @param maxConnections of clients, authenticated or not
 * @param maxUnauthenticated of clients that have not proved their password yet
 * @param http how SQL over HTTP and WebSocket is served; without it, only Postgres is spoken
 * @param pool how transactions are pooled, until other settings are given
 * @param eventLoops threads that relay; a client and its server connection share one
 */
public record GatewayConfig(
        InetSocketAddress listen,
        Optional<LocalCertificates> certificates,
        DoorRules rules,
        Duration authenticationTimeout,
        Duration wakeTimeout,
        Duration keepAwake,
        int maxConnections,
        int maxUnauthenticated,
        Optional<HttpConfig> http,
        PoolSettings pool,
        int eventLoops) {

    /** How long by default an idle session that cannot be carried keeps its compute. */
    public static final Duration KEEP_AWAKE = Duration.ofHours(1);

    public GatewayConfig {
        if (maxConnections < 1 || maxUnauthenticated < 1) {
            throw new IllegalArgumentException("no connection would be let in");
        }
        if (eventLoops < 1) {
            throw new IllegalArgumentException("a gateway needs an event loop");
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
                KEEP_AWAKE,
                20_000,
                10_000,
                Optional.empty(),
                PoolSettings.DEFAULTS,
                Transport.usualLoops());
    }

    public GatewayConfig withRules(DoorRules newRules) {
        return new GatewayConfig(
                listen,
                certificates,
                newRules,
                authenticationTimeout,
                wakeTimeout,
                keepAwake,
                maxConnections,
                maxUnauthenticated,
                http,
                pool,
                eventLoops);
    }

    public GatewayConfig withTimeouts(Duration authentication, Duration wake) {
        return new GatewayConfig(
                listen,
                certificates,
                rules,
                authentication,
                wake,
                keepAwake,
                maxConnections,
                maxUnauthenticated,
                http,
                pool,
                eventLoops);
    }

    public GatewayConfig withLimits(int connections, int unauthenticated) {
        return new GatewayConfig(
                listen,
                certificates,
                rules,
                authenticationTimeout,
                wakeTimeout,
                keepAwake,
                connections,
                unauthenticated,
                http,
                pool,
                eventLoops);
    }

    /** With SQL over HTTP and WebSocket on the same port. */
    public GatewayConfig withHttp(HttpConfig config) {
        return new GatewayConfig(
                listen,
                certificates,
                rules,
                authenticationTimeout,
                wakeTimeout,
                keepAwake,
                maxConnections,
                maxUnauthenticated,
                Optional.of(config),
                pool,
                eventLoops);
    }

    public GatewayConfig withKeepAwake(Duration limit) {
        return new GatewayConfig(
                listen,
                certificates,
                rules,
                authenticationTimeout,
                wakeTimeout,
                limit,
                maxConnections,
                maxUnauthenticated,
                http,
                pool,
                eventLoops);
    }

    public GatewayConfig withPool(PoolSettings settings) {
        return new GatewayConfig(
                listen,
                certificates,
                rules,
                authenticationTimeout,
                wakeTimeout,
                keepAwake,
                maxConnections,
                maxUnauthenticated,
                http,
                settings,
                eventLoops);
    }

    public GatewayConfig withEventLoops(int loops) {
        return new GatewayConfig(
                listen,
                certificates,
                rules,
                authenticationTimeout,
                wakeTimeout,
                keepAwake,
                maxConnections,
                maxUnauthenticated,
                http,
                pool,
                loops);
    }
}
