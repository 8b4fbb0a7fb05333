package dev.sluice.controlplane.server;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.sluice.controlplane.parts.DirectoryCalls;
import dev.sluice.controlplane.parts.GatewayCalls;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.Sessions;
import dev.sluice.controlplane.routing.BlockingDirectory;
import dev.sluice.gateway.Gateway;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.HttpConfig;
import dev.sluice.gateway.ParkReport;
import dev.sluice.gateway.SessionInfo;
import dev.sluice.gateway.SessionListener;
import dev.sluice.gateway.door.DoorRules;
import dev.sluice.gateway.pooling.PoolInfo;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.tls.LocalCertificates;
import dev.sluice.wire.SqlState;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running gateway, and how its sessions look to the control plane. */
final class GatewayPart implements Sessions, GatewayCalls, Closeable {
    private static final Logger log = LoggerFactory.getLogger(GatewayPart.class);

    /** Pools that do not say how they are until then are left out of what is counted. */
    private static final Duration POOLS_ANSWER = Duration.ofSeconds(1);

    private final Gateway gateway;
    private final Duration keepAwake;
    private final Map<String, Long> lastClosed;
    private final DataFolder folder;

    private GatewayPart(
            Gateway gateway, Duration keepAwake, Map<String, Long> lastClosed, DataFolder folder) {
        this.gateway = gateway;
        this.keepAwake = keepAwake;
        this.lastClosed = lastClosed;
        this.folder = folder;
    }

    static GatewayPart start(
            ServerOptions options, DataFolder folder, DirectoryCalls directory, SocketPlaces places)
            throws IOException {
        LocalCertificates certificates =
                LocalCertificates.openOrCreate(folder.certificates(), ServerOptions.DOMAIN);
        Map<String, Long> lastClosed = new ConcurrentHashMap<>();
        SessionListener listener =
                new SessionListener() {
                    @Override
                    public void closed(Route route, long sessionId) {
                        lastClosed.put(route.endpointId(), System.nanoTime());
                    }
                };
        Duration keepAwake = Duration.ofSeconds(options.keepAwakeSeconds());
        GatewayConfig config =
                GatewayConfig.defaults(
                                new InetSocketAddress(options.listen(), options.port()),
                                Optional.of(certificates))
                        .withKeepAwake(keepAwake)
                        .withPool(GatewayFile.pool(folder.root()))
                        .withEventLoops(
                                GatewayFile.eventLoops(folder.root(), Transport.usualLoops()))
                        .withRules(rules(folder, certificates))
                        .withHttp(
                                GatewayFile.http(
                                        folder.root(),
                                        HttpConfig.defaults(places.behindTheGateway())));
        Gateway gateway =
                Gateway.start(
                        config,
                        new BlockingDirectory(directory),
                        listener,
                        ConnectionLog.in(folder.connectionLog()));
        GatewayPart part = new GatewayPart(gateway, keepAwake, lastClosed, folder);
        Hangup.calls(part::reloadOnSignal);
        return part;
    }

    private static DoorRules rules(DataFolder folder, LocalCertificates local) throws IOException {
        DoorRules rules = GatewayFile.rules(folder.root(), local);
        rules.certificates().stream()
                .flatMap(certificates -> certificates.all().stream())
                .flatMap(certificate -> certificate.concern(Instant.now()).stream())
                .forEach(concern -> log.warn("{}", concern));
        return rules;
    }

    private void reloadOnSignal() {
        try {
            reload();
        } catch (Refusal e) {
            log.error("the gateway goes on as before: {}", e.getMessage());
        }
    }

    @Override
    public void reload() {
        try {
            gateway.change(
                    rules(
                            folder,
                            LocalCertificates.openOrCreate(
                                    folder.certificates(), ServerOptions.DOMAIN)));
            gateway.change(GatewayFile.pool(folder.root()));
            log.info("the gateway has read its configuration and certificates again");
        } catch (IOException e) {
            throw new Refusal(Refusal.Reason.BAD_REQUEST, String.valueOf(e.getMessage()), e);
        }
    }

    int port() {
        return gateway.address().getPort();
    }

    @Override
    public Use use(String endpointId) {
        long now = System.nanoTime();
        Long closed = lastClosed.get(endpointId);
        long idle = closed == null ? Long.MAX_VALUE : now - closed;
        int open = 0;
        int busy = 0;
        for (SessionInfo session : gateway.sessions()) {
            if (session.route().endpointId().equals(endpointId)) {
                open++;
                busy += isBusy(session, now) ? 1 : 0;
                idle = Math.min(idle, now - session.lastActivityNanos());
            }
        }
        return new Use(open, busy, idle);
    }

    /** A transaction that its client has left alone for too long no longer counts. */
    private boolean isBusy(SessionInfo session, long now) {
        return switch (session.state()) {
            case ACTIVE -> true;
            case IN_TRANSACTION -> now - session.lastActivityNanos() < keepAwake.toNanos();
            case IDLE, PARKED -> false;
        };
    }

    @Override
    public Parked park(String endpointId, boolean urgent) {
        ParkReport report = gateway.park(endpointId, urgent).toCompletableFuture().join();
        log.debug("parking the sessions of {}: {}", endpointId, report);
        return new Parked(report.parked(), report.ended(), report.keeping());
    }

    @Override
    public void end(String endpointId, String message) {
        int ended =
                gateway.closeSessions(endpointId, SqlState.ADMIN_SHUTDOWN, message)
                        .toCompletableFuture()
                        .join();
        log.debug("ended {} idle sessions of {}", ended, endpointId);
    }

    @Override
    public void forgetLogins() {
        gateway.forgetLogins();
    }

    @Override
    public List<Counter> counters() {
        List<PoolInfo> pools =
                gateway.pools()
                        .toCompletableFuture()
                        .completeOnTimeout(List.of(), POOLS_ANSWER.toMillis(), MILLISECONDS)
                        .join();
        return GatewayCounters.of(gateway.metrics(), pools);
    }

    @Override
    public void close() {
        gateway.close();
    }
}
