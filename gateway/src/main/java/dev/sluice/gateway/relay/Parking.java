package dev.sluice.gateway.relay;

import dev.sluice.gateway.SessionInfo;
import dev.sluice.gateway.compute.ComputeConnector;
import dev.sluice.gateway.compute.ServerConnection;
import dev.sluice.gateway.parking.Exchange;
import dev.sluice.gateway.parking.Obstacle;
import dev.sluice.gateway.parking.ProbeExchange;
import dev.sluice.gateway.parking.RehearsalExchange;
import dev.sluice.gateway.parking.RestoreExchange;
import dev.sluice.gateway.parking.SessionProbe;
import dev.sluice.gateway.parking.SessionSnapshot;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.NoticeResponse;
import dev.sluice.wire.backend.ParameterStatus;
import dev.sluice.wire.frame.OpaqueFrame;
import dev.sluice.wire.frontend.Terminate;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes an idle session off its server connection, and gives it another when its client asks
 * something. Confined to the session's event loop.
 *
 * <p>From {@link #prepare} on the client is held: what it sends waits until the session has a
 * server connection that is as the old one was, and is then sent once. Until then nothing of it has
 * reached any server, so every failure before may be tried again or told.
 */
final class Parking {
    private static final Logger log = LoggerFactory.getLogger(Parking.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LAST_WORDS = Duration.ofSeconds(30);

    enum Phase {
        /** Bytes go both ways. */
        RELAYING,
        /** The server is asked for the session's state. */
        PROBING,
        /** The state is known, the server connection still there. */
        READY,
        /** No server connection. */
        PARKED,
        /** A new server connection is on its way. */
        RESUMING
    }

    private final Session session;
    private Phase phase = Phase.RELAYING;
    private Set<String> customSettings = Set.of();
    private @Nullable SessionSnapshot snapshot;
    private ComputeConnector.@Nullable Attempt attempt;
    private @Nullable Future<?> deadline;
    private boolean unwanted;
    private boolean lastTry;
    private long resumedAt;

    Parking(Session session) {
        this.session = session;
    }

    Phase phase() {
        return phase;
    }

    /** Holds the client if it is idle, and finds out whether the session can be parked. */
    CompletableFuture<Readiness> prepare() {
        // One that has said goodbye to its server is leaving: there is nobody left to ask.
        if (session.isEnded() || phase == Phase.PARKED || session.hasOnlySaidGoodbye()) {
            return CompletableFuture.completedFuture(new Readiness.Away());
        }
        SessionInfo.State state = session.info().state();
        if (phase != Phase.RELAYING
                || state == SessionInfo.State.ACTIVE
                || !session.isServerAtBoundary()) {
            return CompletableFuture.completedFuture(new Readiness.Busy());
        }
        if (state == SessionInfo.State.IN_TRANSACTION) {
            return unable(Obstacle.OPEN_TRANSACTION);
        }
        if (session.login().isReplication()) {
            return unable(Obstacle.REPLICATION);
        }
        return probe();
    }

    private static CompletableFuture<Readiness> unable(Obstacle obstacle) {
        return CompletableFuture.completedFuture(new Readiness.Unable(Set.of(obstacle)));
    }

    private CompletableFuture<Readiness> probe() {
        CompletableFuture<Readiness> readiness = new CompletableFuture<>();
        unwanted = false;
        phase = Phase.PROBING;
        session.hold();
        customSettings = Set.copyOf(session.settingNames().names());
        ProbeExchange exchange = new ProbeExchange(customSettings);
        ask(exchange, () -> probed(exchange.finding(), readiness));
        session.whenOver(() -> readiness.complete(new Readiness.Away()));
        return readiness;
    }

    /** Asks the session that is there; what else its server says is for the client. */
    private void ask(Exchange exchange, Runnable done) {
        converse(session.server(), exchange, session::toClient, done);
    }

    /**
     * @param aside takes what the server says beside its answers
     */
    private void converse(
            ServerConnection server,
            Exchange exchange,
            Consumer<OpaqueFrame> aside,
            Runnable done) {
        session.converse(
                server,
                new ServerExchange(
                        exchange,
                        new ServerExchange.Observer() {
                            @Override
                            public void aside(OpaqueFrame frame) {
                                aside.accept(frame);
                            }

                            @Override
                            public void done() {
                                done.run();
                            }

                            @Override
                            public void broken(Throwable cause) {
                                session.broken(cause);
                            }
                        }));
    }

    private void probed(SessionProbe.Finding finding, CompletableFuture<Readiness> readiness) {
        Set<Obstacle> obstacles = EnumSet.noneOf(Obstacle.class);
        obstacles.addAll(finding.obstacles());
        if (session.settingNames().isNameless()) {
            obstacles.add(Obstacle.NAMELESS_SETTINGS);
        }
        if (finding.failure() != null) {
            log.info(
                    "session {} on {}: its state cannot be read: {}",
                    session.id(),
                    session.route().endpointId(),
                    finding.failure());
        }
        RehearsalExchange rehearsal = new RehearsalExchange(finding.snapshot());
        if (!obstacles.isEmpty() || unwanted || !rehearsal.isNeeded()) {
            readiness.complete(found(finding.snapshot(), obstacles));
            return;
        }
        ask(
                rehearsal,
                () -> {
                    if (rehearsal.hasFailed()) {
                        obstacles.add(Obstacle.STALE_STATEMENTS);
                    }
                    readiness.complete(found(finding.snapshot(), obstacles));
                });
    }

    private Readiness found(SessionSnapshot state, Set<Obstacle> obstacles) {
        phase = Phase.READY;
        if (obstacles.isEmpty() && !unwanted) {
            snapshot = state;
            return new Readiness.Ready();
        }
        release();
        return new Readiness.Unable(Set.copyOf(obstacles));
    }

    /**
     * Whether it is still as {@link Readiness.Ready} said, and the client has sent nothing since.
     */
    boolean isStillReady() {
        return phase == Phase.READY && (!session.isHolding() || session.isOnlyPinged());
    }

    /** Whether nothing has been asked since it was found that it cannot be parked. */
    boolean isIdleNow() {
        return phase == Phase.RELAYING
                && session.info().state() != SessionInfo.State.ACTIVE
                && session.isServerAtBoundary();
    }

    /** Goes on as if nothing had been; a probe that is not answered yet does so when it is. */
    void release() {
        unwanted = phase == Phase.PROBING;
        if (phase == Phase.READY && !session.isEnded()) {
            snapshot = null;
            phase = Phase.RELAYING;
            session.relayTo(session.server());
        }
    }

    /** Gives the server connection up. */
    boolean park() {
        if (phase != Phase.READY || session.isEnded()) {
            return false;
        }
        phase = Phase.PARKED;
        Channel compute = session.server().channel();
        session.detach();
        send(compute, new Terminate()::encode);
        Transport.closeAfterFlush(compute, LAST_WORDS);
        session.context().metrics().sessionParked();
        if (snapshot != null && snapshot.listens()) {
            session.context().parkedListeners().add(session);
        }
        session.client().config().setAutoRead(true);
        if (session.isHolding()) {
            clientSent();
        }
        return true;
    }

    /** The client has sent something while it was held; no more is read until it moves on. */
    void clientSent() {
        if (phase != Phase.PARKED) {
            session.client().config().setAutoRead(false);
            return;
        }
        if (session.hasOnlySaidGoodbye()) {
            session.end(null);
        } else if (session.isOnlyPinged()) {
            session.answerPings();
        } else {
            resume();
        }
    }

    /** Gets a new server connection for a parked session. */
    void resume() {
        if (phase != Phase.PARKED || session.isEnded()) {
            return;
        }
        phase = Phase.RESUMING;
        session.context().parkedListeners().remove(session);
        session.client().config().setAutoRead(false);
        session.stateChanged();
        lastTry = false;
        resumedAt = System.nanoTime();
        deadline = null;
        open();
    }

    private void open() {
        attempt =
                session.context()
                        .connector()
                        .open(session.client().eventLoop(), session.login(), new Return());
    }

    /** Ends what is under way. */
    void abandon() {
        ComputeConnector.Attempt going = attempt;
        if (going != null) {
            going.abandon();
            attempt = null;
        }
        stopClock();
        if (phase == Phase.PARKED || phase == Phase.RESUMING) {
            session.context().parkedListeners().remove(session);
            session.context().metrics().sessionUnparked();
        }
    }

    private void stopClock() {
        Future<?> clock = deadline;
        if (clock != null) {
            clock.cancel(false);
            deadline = null;
        }
    }

    /** The server connection that is being restored broke. */
    void lost(Throwable cause) {
        stopClock();
        if (session.isEnded()) {
            return;
        }
        log.debug("session {} lost its compute while it was resumed", session.id(), cause);
        session.detach();
        if (lastTry) {
            session.end(
                    LastWords.notResumed(
                            "its compute stopped again", String.valueOf(cause.getMessage())));
        } else {
            lastTry = true;
            open();
        }
    }

    private void restore(ServerConnection server) {
        SessionSnapshot state = java.util.Objects.requireNonNull(snapshot);
        RestoreExchange exchange = new RestoreExchange(state, customSettings);
        session.attach(server);
        deadline =
                session.client()
                        .eventLoop()
                        .schedule(
                                () -> Outbound.close(server.channel()),
                                PATIENCE.toMillis(),
                                TimeUnit.MILLISECONDS);
        converse(
                server,
                exchange,
                frame -> {
                    if (frame.type() == 'A') {
                        session.toClient(frame);
                    }
                },
                () -> restored(server, exchange));
    }

    private void restored(ServerConnection server, RestoreExchange exchange) {
        stopClock();
        if (session.isEnded()) {
            return;
        }
        Diagnostic error = exchange.error();
        if (error != null) {
            log.info(
                    "session {} on {} cannot be restored: {}",
                    session.id(),
                    session.route().endpointId(),
                    error.sqlState());
            session.end(LastWords.notResumed("its state could not be restored", error.message()));
            return;
        }
        if (!exchange.differences().isEmpty()) {
            String what = String.join(", ", exchange.differences());
            log.info(
                    "session {} on {} differs after its restore: {}",
                    session.id(),
                    session.route().endpointId(),
                    what);
            session.end(LastWords.notResumed("its state could not be restored", what + " differ"));
            return;
        }
        exchange.changedReports()
                .forEach((name, value) ->
                        send(session.client(), new ParameterStatus(name, value)::encode));
        session.client().flush();
        attempt = null;
        snapshot = null;
        phase = Phase.RELAYING;
        session.context().metrics().sessionResumed(System.nanoTime() - resumedAt);
        session.context().metrics().sessionUnparked();
        session.relayTo(server);
    }

    private static void send(Channel channel, Consumer<ByteBuf> message) {
        if (channel.isActive()) {
            ByteBuf bytes = channel.alloc().buffer();
            message.accept(bytes);
            Outbound.write(channel, bytes);
        }
    }

    /** The way back to a compute. */
    private final class Return implements ComputeConnector.Passenger {
        @Override
        public void told(BackendMessage message) {
            if (message instanceof NoticeResponse notice) {
                send(session.client(), notice::encode);
            }
        }

        @Override
        public void ready(ServerConnection server) {
            restore(server);
        }

        @Override
        public void refused(Diagnostic diagnostic) {
            session.end(LastWords.refused(session.role(), diagnostic));
        }

        @Override
        public void notWoken(Throwable failure) {
            session.context().metrics().wakeFailed();
            session.end(LastWords.notWoken(failure));
        }

        @Override
        public void unreachable(Throwable cause) {
            session.end(
                    LastWords.notResumed(
                            "its compute cannot be reached",
                            cause instanceof IOException
                                    ? String.valueOf(cause.getMessage())
                                    : cause.getClass().getSimpleName()));
        }
    }
}
