package dev.sluice.gateway.relay;

import dev.sluice.gateway.GatewayMetrics;
import dev.sluice.gateway.SessionInfo;
import dev.sluice.gateway.SessionListener;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.TransactionStatus;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.FrameScanner;
import dev.sluice.wire.frontend.Terminate;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client and its server connection, both on one event loop, which alone touches what is in here
 * (but {@link #info}, which anyone may ask).
 */
public final class Session {
    private static final Logger log = LoggerFactory.getLogger(Session.class);
    private static final Duration LAST_WORDS = Duration.ofSeconds(30);
    private static final long LISTENER_INTERVAL = TimeUnit.SECONDS.toNanos(1);

    private final long id;
    private final Route route;
    private final String database;
    private final String role;
    private final Channel client;
    private final Channel compute;
    private final GatewayMetrics metrics;
    private final SessionListener listener;

    private final SessionActivity activity = new SessionActivity();
    private final FrameScanner fromClient =
            new FrameScanner(FrameHeader.MAX_LENGTH, new ClientFrames());
    private final FrameScanner fromServer =
            new FrameScanner(FrameHeader.MAX_LENGTH, new ServerFrames());
    private boolean serverSaidGoodbye;
    private boolean ended;
    private long lastTold;
    private volatile SessionInfo.State state = SessionInfo.State.IDLE;
    private volatile long lastActivity = System.nanoTime();

    public Session(
            long id,
            Route route,
            String database,
            String role,
            Channel client,
            Channel compute,
            GatewayMetrics metrics,
            SessionListener listener) {
        this.id = id;
        this.route = route;
        this.database = database;
        this.role = role;
        this.client = client;
        this.compute = compute;
        this.metrics = metrics;
        this.listener = listener;
        this.lastTold = lastActivity - LISTENER_INTERVAL;
    }

    /** The handler that ends the client's pipeline. */
    public ChannelInboundHandler clientRelay() {
        return new Relay(compute, this::clientBytes, this::clientGone, this::protocolBroken);
    }

    /** The handler that ends the server connection's pipeline. */
    public ChannelInboundHandler serverRelay() {
        return new Relay(client, this::serverBytes, this::computeGone, this::protocolBroken);
    }

    private void clientBytes(ByteBuf bytes) {
        fromClient.scan(bytes);
        metrics.fromClient(bytes.readableBytes());
        long now = moved();
        if (now - lastTold >= LISTENER_INTERVAL) {
            lastTold = now;
            listener.active(route, id);
        }
    }

    private void serverBytes(ByteBuf bytes) {
        fromServer.scan(bytes);
        metrics.toClient(bytes.readableBytes());
        moved();
    }

    private long moved() {
        long now = System.nanoTime();
        lastActivity = now;
        state = fromClient.atBoundary() ? activity.state() : SessionInfo.State.ACTIVE;
        return now;
    }

    private void clientGone() {
        if (!ended) {
            ended = true;
            if (!activity.isTerminated() && fromClient.atBoundary()) {
                send(compute, new Terminate()::encode);
            }
            Transport.closeAfterFlush(compute, LAST_WORDS);
        }
    }

    private void computeGone() {
        if (!ended) {
            boolean expected = activity.isTerminated() || serverSaidGoodbye;
            end(
                    expected
                            ? null
                            : Diagnostic.of(
                                            Diagnostic.Severity.FATAL,
                                            SqlState.ADMIN_SHUTDOWN,
                                            "terminating connection because its compute stopped")
                                    .withHint("Connect again: that starts the compute."));
        }
    }

    private void protocolBroken(Throwable cause) {
        log.debug("session {} on {} broke", id, route.endpointId(), cause);
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
    public void end(@org.jspecify.annotations.Nullable Diagnostic lastWords) {
        if (ended) {
            return;
        }
        ended = true;
        if (lastWords != null && fromServer.atBoundary()) {
            send(client, new ErrorResponse(lastWords)::encode);
        }
        Transport.closeAfterFlush(client, LAST_WORDS);
        if (fromClient.atBoundary()) {
            send(compute, new Terminate()::encode);
        }
        Transport.closeAfterFlush(compute, LAST_WORDS);
    }

    private static void send(Channel channel, java.util.function.Consumer<ByteBuf> message) {
        if (channel.isActive()) {
            ByteBuf bytes = channel.alloc().buffer();
            message.accept(bytes);
            Outbound.write(channel, bytes);
        }
    }

    public Channel client() {
        return client;
    }

    public Route route() {
        return route;
    }

    public long id() {
        return id;
    }

    public SessionInfo info() {
        return new SessionInfo(id, route, database, role, state, lastActivity);
    }

    private final class ClientFrames implements FrameScanner.Listener {
        @Override
        public void header(byte type, int bodyLength) {
            activity.clientSent(type);
        }

        @Override
        public void body(byte type, int offset, ByteBuf chunk, int index, int length) {
            // relayed undecoded
        }
    }

    private final class ServerFrames implements FrameScanner.Listener {
        /** {@code 'V'} and a severity that ends the session are within the first bytes. */
        private static final int SEVERITIES = 64;

        @Override
        public void header(byte type, int bodyLength) {
            serverSaidGoodbye = false;
        }

        @Override
        public void body(byte type, int offset, ByteBuf chunk, int index, int length) {
            if (type == 'Z') {
                activity.serverReady(TransactionStatus.of(chunk.getByte(index)));
            } else if (type == 'E' && offset == 0) {
                String start =
                        chunk.toString(
                                index, Math.min(length, SEVERITIES), StandardCharsets.ISO_8859_1);
                serverSaidGoodbye = start.contains("VFATAL\0") || start.contains("VPANIC\0");
            }
        }
    }
}
