package dev.sluice.gateway.relay;

import dev.sluice.gateway.EndpointMetrics;
import dev.sluice.gateway.SessionInfo;
import dev.sluice.gateway.compute.ServerConnection;
import dev.sluice.gateway.compute.ServerLogin;
import dev.sluice.gateway.parking.Ping;
import dev.sluice.gateway.parking.SettingNames;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.backend.TransactionStatus;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.FrameScanner;
import dev.sluice.wire.frame.OpaqueFrame;
import dev.sluice.wire.frontend.Terminate;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client and its server connection, both on one event loop, which alone touches what is in here
 * (but {@link #info}, which anyone may ask). The client's connection is the session; its server
 * connection may be given up while the session is idle ({@link Parking}).
 */
public final class Session {
    private static final Logger log = LoggerFactory.getLogger(Session.class);
    private static final Duration LAST_WORDS = Duration.ofSeconds(30);
    private static final long LISTENER_INTERVAL = TimeUnit.SECONDS.toNanos(1);
    private static final String RELAY = "relay";

    private final long id;
    private final ServerLogin login;
    private final String database;
    private final String role;
    private final Channel client;
    private final SessionContext context;
    private final EndpointMetrics counted;

    private final SessionActivity activity = new SessionActivity();
    private final SettingNames settingNames = new SettingNames();
    private final ServerFrames serverFrames = new ServerFrames(activity);
    private final FrameScanner fromClient =
            new FrameScanner(FrameHeader.MAX_LENGTH, new ClientFrames(activity, settingNames));
    private final FrameScanner fromServer = new FrameScanner(FrameHeader.MAX_LENGTH, serverFrames);
    private final Relay clientRelay;
    private final Parking parking = new Parking(this);
    private @Nullable ServerConnection server;
    private boolean ended;
    private boolean cancelTold;
    private long lastTold;
    private volatile SessionInfo.State state = SessionInfo.State.IDLE;
    private volatile long lastActivity = System.nanoTime();

    /**
     * @param cancelKey what the client was given, to stand for its server connection
     */
    public Session(
            long id,
            ServerLogin login,
            String database,
            String role,
            Channel client,
            ServerConnection server,
            @Nullable BackendKeyData cancelKey,
            SessionContext context) {
        this.id = id;
        this.login = login;
        this.database = database;
        this.role = role;
        this.client = client;
        this.counted = context.metrics().endpoint(login.route().endpointId());
        this.context = context;
        this.lastTold = lastActivity - LISTENER_INTERVAL;
        this.clientRelay = new Relay(server.channel(), new ClientSide());
        attach(server);
        if (cancelKey != null) {
            context.cancelKeys().route(cancelKey.processId(), this::cancel);
        }
    }

    /** The handler that ends the client's pipeline. */
    public ChannelInboundHandler clientRelay() {
        return clientRelay;
    }

    private void moved() {
        if (!activity.isPinging()) {
            lastActivity = System.nanoTime();
        }
        stateChanged();
    }

    void stateChanged() {
        state =
                switch (parking.phase()) {
                    case PARKED -> SessionInfo.State.PARKED;
                    case RESUMING -> SessionInfo.State.ACTIVE;
                    case RELAYING, PROBING, READY ->
                            fromClient.atBoundary() ? activity.state() : SessionInfo.State.ACTIVE;
                };
    }

    /** What the client sends from now on waits; after the first of it, the client is not read. */
    void hold() {
        clientRelay.hold();
    }

    boolean isHolding() {
        return clientRelay.isHolding();
    }

    /** The client and this server connection talk to each other from now on. */
    void relayTo(ServerConnection to) {
        stateChanged();
        clientRelay.release(to.channel());
        client.config().setAutoRead(to.channel().isWritable());
    }

    /** A server connection is the session's now, but the client is not heard there yet. */
    void attach(ServerConnection connection) {
        server = connection;
        connection.channel().pipeline().addLast(RELAY, new Relay(client, new ServerSide()));
    }

    /**
     * Cancels what the client has running; from any thread. What no server has yet is not sent to
     * one, and the client is told so: Postgres would forget a request that comes before the
     * statement.
     */
    private void cancel(Consumer<CancelKeys.@Nullable Target> then) {
        client.eventLoop()
                .execute(() -> {
                    boolean relaying = parking.phase() == Parking.Phase.RELAYING;
                    if (!relaying && !ended && !clientRelay.isDropping()) {
                        cancelHeld();
                    }
                    ServerConnection has = server;
                    BackendKeyData key = has == null ? null : has.key();
                    then.accept(
                            relaying && has != null && key != null
                                    ? CancelKeys.Target.of(has.address(), key)
                                    : null);
                });
    }

    private void cancelHeld() {
        if (!isHolding()) {
            return;
        }
        cancelTold = false;
        CancelledRequest request = new CancelledRequest();
        clientRelay.drop(request);
        if (clientRelay.isDropping()) {
            if (!request.isBegun()) {
                clientRelay.dropNoMore();
            } else if (request.isAnsweredAtOnce()) {
                cancelTold = true;
                send(client, new ErrorResponse(CancelledRequest.answer())::encode);
                client.flush();
            }
        }
        if (!isHolding()) {
            client.config().setAutoRead(true);
        }
    }

    private void requestDropped() {
        if (!cancelTold) {
            send(client, new ErrorResponse(CancelledRequest.answer())::encode);
        }
        send(client, new ReadyForQuery(TransactionStatus.IDLE)::encode);
        client.flush();
        activity.serverReady(TransactionStatus.IDLE);
        stateChanged();
    }

    /** Lets an exchange of ours take place on a server connection before anything else there. */
    void converse(ServerConnection with, ServerExchange exchange) {
        with.channel().pipeline().addBefore(RELAY, ServerExchange.NAME, exchange);
    }

    /** The session has no server connection any more; what still comes from it is dropped. */
    void detach() {
        ServerConnection old = server();
        server = null;
        stateChanged();
        old.channel().pipeline().remove(RELAY);
    }

    /** Its server connection. */
    ServerConnection server() {
        ServerConnection known = server;
        if (known == null) {
            throw new IllegalStateException("session " + id + " has no server connection");
        }
        return known;
    }

    /** Passes one message of the server on to the client. */
    void toClient(OpaqueFrame frame) {
        send(client, frame::encode);
        client.flush();
    }

    boolean isServerAtBoundary() {
        return fromServer.atBoundary();
    }

    /** Whether all that waits is pings, the last of them perhaps not whole yet. */
    boolean isOnlyPinged() {
        return activity.isPinging() && !activity.isTerminated();
    }

    /** Answers the pings that wait, if they are whole, without a server. */
    void answerPings() {
        if (fromClient.atBoundary() && activity.isSynced()) {
            ByteBuf pings = clientRelay.take(client.alloc());
            ByteBuf answer = client.alloc().buffer();
            Ping.answer(pings, answer);
            pings.release();
            activity.pingsAnswered();
            Outbound.send(client, answer);
        }
    }

    /** Whether the client has asked for nothing and has said goodbye. */
    boolean hasOnlySaidGoodbye() {
        return activity.isTerminated() && activity.state() == SessionInfo.State.IDLE;
    }

    boolean isEnded() {
        return ended;
    }

    private void computeGone() {
        if (ended) {
            return;
        }
        if (parking.phase() == Parking.Phase.RESUMING) {
            parking.lost(new java.io.IOException("the compute closed the connection"));
            return;
        }
        boolean expected = activity.isTerminated() || serverFrames.saidGoodbye();
        end(expected ? null : LastWords.computeStopped());
    }

    private void clientGone() {
        if (ended) {
            return;
        }
        ended = true;
        parking.abandon();
        ServerConnection connection = server;
        if (connection != null) {
            if (!activity.isTerminated() && fromClient.atBoundary()) {
                send(connection.channel(), new Terminate()::encode);
            }
            Transport.closeAfterFlush(connection.channel(), LAST_WORDS);
        }
    }

    /** One side does not speak the protocol, or the server's connection failed. */
    void broken(Throwable cause) {
        if (cause instanceof java.io.IOException) {
            computeGone();
            return;
        }
        log.debug("session {} on {} broke", id, route().endpointId(), cause);
        end(
                Diagnostic.of(
                        Diagnostic.Severity.FATAL,
                        SqlState.PROTOCOL_VIOLATION,
                        String.valueOf(cause.getMessage())));
    }

    /**
     * Ends the session from our side, with last words for the client if it can be told: not in the
     * middle of a message from the server.
     */
    public void end(@Nullable Diagnostic lastWords) {
        if (ended) {
            return;
        }
        ended = true;
        parking.abandon();
        if (lastWords != null && fromServer.atBoundary()) {
            send(client, new ErrorResponse(lastWords)::encode);
        }
        Transport.closeAfterFlush(client, LAST_WORDS);
        ServerConnection connection = server;
        if (connection != null) {
            if (fromClient.atBoundary()) {
                send(connection.channel(), new Terminate()::encode);
            }
            Transport.closeAfterFlush(connection.channel(), LAST_WORDS);
        }
    }

    private static void send(Channel channel, Consumer<ByteBuf> message) {
        if (channel.isActive()) {
            ByteBuf bytes = channel.alloc().buffer();
            message.accept(bytes);
            Outbound.write(channel, bytes);
        }
    }

    /** Calls back when the client's connection is closed. */
    void whenOver(Runnable then) {
        client.closeFuture().addListener(_ -> then.run());
    }

    Parking parking() {
        return parking;
    }

    SettingNames settingNames() {
        return settingNames;
    }

    ServerLogin login() {
        return login;
    }

    String role() {
        return role;
    }

    SessionContext context() {
        return context;
    }

    public Channel client() {
        return client;
    }

    public Route route() {
        return login.route();
    }

    public long id() {
        return id;
    }

    public SessionInfo info() {
        return new SessionInfo(id, route(), database, role, state, lastActivity);
    }

    private final class ClientSide implements Relay.Observer {
        @Override
        public void seen(ByteBuf bytes) {
            fromClient.scan(bytes);
            context.metrics().fromClient(bytes.readableBytes());
            counted.fromClient(bytes.readableBytes());
            moved();
            if (lastActivity - lastTold >= LISTENER_INTERVAL) {
                lastTold = lastActivity;
                context.listener().active(route(), id);
            }
        }

        @Override
        public void held() {
            parking.clientSent();
        }

        @Override
        public void dropped() {
            requestDropped();
        }

        @Override
        public void gone() {
            clientGone();
        }

        @Override
        public void broken(Throwable cause) {
            Session.this.broken(cause);
        }
    }

    private final class ServerSide implements Relay.Observer {
        @Override
        public void seen(ByteBuf bytes) {
            fromServer.scan(bytes);
            context.metrics().toClient(bytes.readableBytes());
            counted.toClient(bytes.readableBytes());
            moved();
        }

        @Override
        public void held() {
            // the client's relay is never held back from the server's side
        }

        @Override
        public void dropped() {
            // only requests are
        }

        @Override
        public void gone() {
            computeGone();
        }

        @Override
        public void broken(Throwable cause) {
            Session.this.broken(cause);
        }
    }
}
