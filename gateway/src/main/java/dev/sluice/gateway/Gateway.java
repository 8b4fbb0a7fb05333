package dev.sluice.gateway;

import dev.sluice.gateway.cancel.CancelForwarding;
import dev.sluice.gateway.cancel.CancelPeers;
import dev.sluice.gateway.cancel.GatewayNumber;
import dev.sluice.gateway.compute.ComputeConnector;
import dev.sluice.gateway.compute.WakeFlights;
import dev.sluice.gateway.door.Door;
import dev.sluice.gateway.door.DoorRules;
import dev.sluice.gateway.door.ProxyHeader;
import dev.sluice.gateway.http.HttpDoor;
import dev.sluice.gateway.pooling.PoolContext;
import dev.sluice.gateway.pooling.PoolInfo;
import dev.sluice.gateway.pooling.PoolSettings;
import dev.sluice.gateway.pooling.Pools;
import dev.sluice.gateway.relay.CancelKeys;
import dev.sluice.gateway.relay.ParkedListeners;
import dev.sluice.gateway.relay.SessionContext;
import dev.sluice.gateway.relay.Sessions;
import dev.sluice.gateway.routing.Directory;
import dev.sluice.gateway.session.Admission;
import dev.sluice.gateway.session.FrequentLogins;
import dev.sluice.gateway.session.GatewayServices;
import dev.sluice.gateway.session.Passwords;
import dev.sluice.gateway.session.StartupHandler;
import dev.sluice.gateway.transport.HandOver;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.tls.LocalCertificates;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.scram.ScramVerifier;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The front door: listens on one port and takes clients to their computes. */
public final class Gateway implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(Gateway.class);

    /** How long sessions that are busy may go on when the gateway closes. */
    private static final Duration DRAIN = Duration.ofSeconds(5);

    private static final Duration LOOK = Duration.ofMillis(100);

    private final GatewayServices services;
    private final Channel listener;
    private final Optional<HttpDoor> http;

    private Gateway(GatewayServices services, Channel listener, Optional<HttpDoor> http) {
        this.services = services;
        this.listener = listener;
        this.http = http;
    }

    /**
     * Binds and starts accepting.
     *
     * @throws IOException if the address cannot be bound or the certificates cannot be used
     */
    public static Gateway start(
            GatewayConfig config, Directory directory, SessionListener sessionListener)
            throws IOException {
        return start(config, directory, sessionListener, AuditLog.NONE);
    }

    /** As {@link #start(GatewayConfig, Directory, SessionListener)}, telling who comes and goes. */
    public static Gateway start(
            GatewayConfig config,
            Directory directory,
            SessionListener sessionListener,
            AuditLog audit)
            throws IOException {
        return start(
                config, directory, sessionListener, audit, Transport.best(config.eventLoops()));
    }

    static Gateway start(
            GatewayConfig config,
            Directory directory,
            SessionListener sessionListener,
            AuditLog audit,
            Transport transport)
            throws IOException {
        HttpDoor http = null;
        try {
            GatewayServices services =
                    services(config, directory, sessionListener, audit, transport);
            if (config.http().isPresent()) {
                http = HttpDoor.start(services, config.http().get());
            }
            ChannelFuture bound =
                    transport
                            .listen(config.listen(), channel -> welcome(channel, services))
                            .awaitUninterruptibly();
            if (!bound.isSuccess()) {
                throw new IOException(
                        "the gateway cannot listen at %s: %s"
                                .formatted(config.listen(), bound.cause().getMessage()),
                        bound.cause());
            }
            Gateway gateway = new Gateway(services, bound.channel(), Optional.ofNullable(http));
            log.info("gateway listens at {}", gateway.address());
            return gateway;
        } catch (IOException | RuntimeException e) {
            if (http != null) {
                http.close();
            }
            transport.stop().join();
            throw e;
        }
    }

    private static void welcome(Channel channel, GatewayServices services) {
        channel.pipeline().addLast("startup", new StartupHandler(services));
        if (channel.remoteAddress() instanceof InetSocketAddress peer
                && services.door().now().rules().isProxy(peer.getAddress())) {
            ProxyHeader.expect(channel);
        }
    }

    private static GatewayServices services(
            GatewayConfig config,
            Directory directory,
            SessionListener sessionListener,
            AuditLog audit,
            Transport transport)
            throws IOException {
        SecureRandom random = new SecureRandom();
        GatewayMetrics metrics = new GatewayMetrics();
        byte[] doomSecret = doomSecret(config, random);
        WakeFlights wakes = new WakeFlights(directory, config.wakeTimeout(), metrics);
        ParkedListeners parkedListeners = new ParkedListeners();
        ComputeConnector connector =
                new ComputeConnector(
                        wakes,
                        transport,
                        random,
                        config.wakeTimeout(),
                        route -> parkedListeners.computeReached(route.endpointId()));
        Door door =
                new Door(config.rules(), config.authenticationTimeout(), config.http().isPresent());
        CancelKeys cancelKeys = new CancelKeys(random, () -> number(door.now().rules()));
        Sessions sessions = new Sessions(metrics, sessionListener);
        Pools pools =
                new Pools(
                        config.pool(),
                        new PoolContext(
                                metrics,
                                sessionListener,
                                connector,
                                failure -> GatewayServices.diagnostic(failure, config)),
                        sessions::nextId);
        return new GatewayServices(
                config,
                directory,
                sessionListener,
                audit,
                metrics,
                transport,
                door,
                new Admission(config.maxConnections(), config.maxUnauthenticated()),
                wakes,
                connector,
                sessions,
                new SessionContext(
                        metrics, sessionListener, connector, cancelKeys, parkedListeners),
                pools,
                cancelKeys,
                new CancelForwarding(random, InstantSource.system()),
                random,
                new Passwords(random),
                new FrequentLogins(directory),
                role -> ScramVerifier.doomed(role, doomSecret),
                config.http().map(http -> new HandOver(transport, HttpDoor.socket(http))));
    }

    private static int number(DoorRules rules) {
        return rules.cancelPeers().map(CancelPeers::number).orElse(GatewayNumber.ALONE);
    }

    /**
     * From the server's private key where there is one: the salts of roles that do not exist must
     * not change when the gateway restarts, as those of real roles do not.
     */
    private static byte[] doomSecret(GatewayConfig config, SecureRandom random) {
        Optional<LocalCertificates> certificates = config.certificates();
        if (certificates.isEmpty()) {
            byte[] secret = new byte[32];
            random.nextBytes(secret);
            return secret;
        }
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(
                    "sluice: roles that do not exist"
                            .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            return digest.digest(certificates.get().server().privateKey().getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Where it listens, the port resolved. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /**
     * Changes who may come in. Sessions that are open go on.
     *
     * @throws IOException if the certificates cannot be used; nothing is changed then
     */
    public void change(DoorRules rules) throws IOException {
        services.door().change(rules);
    }

    /** Changes how transactions are pooled; server connections that are too many are closed. */
    public void change(PoolSettings settings) {
        services.pools().change(settings);
    }

    /**
     * Something changed that clients' logins depend on: the directory is asked about each that
     * comes from now on.
     */
    public void forgetLogins() {
        services.frequentLogins().forgetAll();
    }

    /** The pools, as they were a moment ago. */
    public CompletionStage<List<PoolInfo>> pools() {
        return services.pools().infos();
    }

    public GatewayMetrics metrics() {
        return services.metrics();
    }

    /** Authenticated clients that wait for their compute to start. */
    public int clientsWaiting() {
        return services.wakes().waiting();
    }

    /**
     * The sessions that have a compute, as they were a moment ago, and the statements that run over
     * HTTP.
     */
    public List<SessionInfo> sessions() {
        List<SessionInfo> sessions = new ArrayList<>(services.sessions().list());
        sessions.addAll(services.pools().sessions());
        http.ifPresent(door -> sessions.addAll(door.sessions()));
        return Collections.unmodifiableList(sessions);
    }

    /**
     * Takes the idle sessions of an endpoint off its compute, so that it can stop: their clients
     * stay connected, and get a server session with the same state when they next ask something.
     *
     * <p>If the compute is going to stop in any case ({@code urgent}), idle sessions that cannot be
     * carried are ended with 57P01 and the reason, and busy ones are left to it. Otherwise one
     * session that is busy, or that cannot be carried and has not been idle for {@link
     * GatewayConfig#keepAwake}, keeps them all where they are.
     */
    public CompletionStage<ParkReport> park(String endpointId, boolean urgent) {
        // before it is asked what runs: a statement that comes now must not find one that is left
        http.ifPresent(door -> door.closeIdle(endpointId));
        List<String> running =
                http.map(HttpDoor::sessions).orElse(List.of()).stream()
                        .filter(statement -> statement.route().endpointId().equals(endpointId))
                        .map(statement ->
                                "a statement of %s over HTTP runs".formatted(statement.role()))
                        .toList();
        if (!urgent && !running.isEmpty()) {
            return CompletableFuture.completedStage(new ParkReport(0, 0, running));
        }
        Duration keepAwake = services.config().keepAwake();
        if (urgent) {
            return parkAll(endpointId, true);
        }
        return services.pools()
                .keeping(endpointId, keepAwake)
                .thenCompose(keeping ->
                        keeping.isEmpty()
                                ? parkAll(endpointId, false)
                                : CompletableFuture.completedStage(new ParkReport(0, 0, keeping)));
    }

    /** Sessions first, since one of them may still be needed; pools have been asked. */
    private CompletionStage<ParkReport> parkAll(String endpointId, boolean urgent) {
        return services.sessions()
                .park(endpointId, urgent, services.config().keepAwake())
                .thenCompose(sessions ->
                        sessions.isFree()
                                ? services.pools()
                                        .sleep(endpointId)
                                        .thenApply(
                                                pools -> both(endpointId, sessions, pools, urgent))
                                : CompletableFuture.completedFuture(sessions));
    }

    private ParkReport both(
            String endpointId, ParkReport sessions, ParkReport pools, boolean urgent) {
        if (!urgent && !pools.isFree()) {
            // the compute stays, so somebody may notify those that listen
            services.sessionContext().parkedListeners().computeReached(endpointId);
        }
        return new ParkReport(
                sessions.parked() + pools.parked(),
                sessions.ended() + pools.ended(),
                urgent ? List.of() : pools.keeping());
    }

    /**
     * Ends every idle session of an endpoint: its client is sent a FATAL error and the connection
     * is closed, so that a pool replaces it. Sessions that are active or in a transaction go on.
     *
     * @return how many were ended, once they all were
     */
    public CompletionStage<Integer> closeSessions(
            String endpointId, SqlState sqlState, String message) {
        http.ifPresent(door -> door.closeIdle(endpointId));
        Diagnostic lastWords = Diagnostic.of(Diagnostic.Severity.FATAL, sqlState, message);
        Predicate<SessionInfo> concerned =
                session -> session.route().endpointId().equals(endpointId);
        CompletableFuture<Integer> pooled =
                services.pools().end(concerned.and(Gateway::isUnused), lastWords);
        return services.sessions()
                .end(concerned, Gateway::isUnused, lastWords)
                .thenCombine(pooled, Integer::sum);
    }

    /**
     * Stops accepting, ends idle sessions, gives the others a few seconds to finish, and ends them
     * too.
     */
    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
        Diagnostic lastWords = GatewayServices.shutDown();
        drain(lastWords);
        services.sessions().end(_ -> true, _ -> true, lastWords).join();
        services.pools().end(_ -> true, lastWords).join();
        services.pools().close();
        http.ifPresent(HttpDoor::close);
        services.transport().stop().join();
    }

    private static boolean isUnused(SessionInfo session) {
        return switch (session.state()) {
            case IDLE, PARKED -> true;
            case ACTIVE, IN_TRANSACTION -> false;
        };
    }

    /** Ends sessions as they become idle, until there are none or it has taken too long. */
    private void drain(Diagnostic lastWords) {
        long deadline = System.nanoTime() + DRAIN.toNanos();
        do {
            services.sessions().end(_ -> true, Gateway::isUnused, lastWords).join();
            services.pools().end(Gateway::isUnused, lastWords).join();
            if (awaitNoSessions(LOOK)) {
                return;
            }
        } while (System.nanoTime() - deadline < 0);
        log.info("{} sessions are still busy and are ended", sessions().size());
    }

    private boolean awaitNoSessions(Duration time) {
        try {
            CompletableFuture.allOf(services.sessions().whenEmpty(), services.pools().whenEmpty())
                    .get(time.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
