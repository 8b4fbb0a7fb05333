package dev.sluice.gateway.session;

import dev.sluice.gateway.AuditLog;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.routing.RouteRequest;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.gateway.transport.Peer;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.Diagnostic.Severity;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.startup.StartupMessage;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client on its way in: its place among the others, its deadline, and how it is told what went
 * wrong. Confined to the channel's event loop.
 */
final class ClientConnection {
    private static final Logger log = LoggerFactory.getLogger(ClientConnection.class);
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);
    private static final SqlState QUERY_CANCELED = new SqlState("57014");

    private final Channel channel;
    private final GatewayServices services;
    private final Admission.Ticket ticket;
    private final ScheduledFuture<?> deadline;
    private boolean over;
    private AuditLog.@Nullable Connection identity;
    private long authenticatedNanos;

    ClientConnection(Channel channel, GatewayServices services) {
        this.channel = channel;
        this.services = services;
        this.ticket = services.admission().enter();
        services.metrics().connectionAccepted();
        this.deadline =
                channel.eventLoop()
                        .schedule(
                                this::tooSlow,
                                services.config().authenticationTimeout().toMillis(),
                                TimeUnit.MILLISECONDS);
        channel.closeFuture()
                .addListener(_ -> {
                    over = true;
                    deadline.cancel(false);
                    ticket.leave();
                    services.metrics().connectionClosed();
                    if (authenticatedNanos != 0) {
                        audit(
                                new AuditLog.Event.Closed(
                                        Duration.ofNanos(System.nanoTime() - authenticatedNanos)));
                    }
                });
    }

    Channel channel() {
        return channel;
    }

    GatewayServices services() {
        return services;
    }

    boolean isAdmitted() {
        return ticket.isAdmitted();
    }

    /** Whether there is nothing left to do for this client. */
    boolean isOver() {
        return over;
    }

    /** The password was right: the deadline and the limit on strangers no longer apply. */
    void authenticated() {
        deadline.cancel(false);
        ticket.authenticated();
        authenticatedNanos = System.nanoTime();
        audit(new AuditLog.Event.Authenticated());
    }

    /** It is known whom the client says it is, and where it wants to go. */
    void identified(Route route, RouteRequest request, StartupMessage startup) {
        identity =
                identity(
                        route.endpointId(),
                        route.projectId(),
                        request.role(),
                        request.database(),
                        startup.parameter("application_name").orElse(null));
    }

    private AuditLog.Connection identity(
            @Nullable String endpointId,
            @Nullable String projectId,
            @Nullable String role,
            @Nullable String database,
            @Nullable String applicationName) {
        Peer peer = Peer.of(channel);
        return new AuditLog.Connection(
                channel.id().asShortText(),
                peer.inetAddress(),
                peer.tls(),
                endpointId,
                projectId,
                role,
                database,
                applicationName);
    }

    private void audit(AuditLog.Event event) {
        AuditLog.Connection known = identity;
        services.audit()
                .record(known != null ? known : identity(null, null, null, null, null), event);
    }

    /** Another server takes the client over, with limits of its own; it keeps its place here. */
    void handedOver() {
        over = true;
        deadline.cancel(false);
        ticket.authenticated();
    }

    private void tooSlow() {
        fail(QUERY_CANCELED, "canceling authentication due to timeout", "");
    }

    void pauseReading() {
        channel.config().setAutoRead(false);
    }

    void resumeReading() {
        channel.config().setAutoRead(true);
    }

    /** Queues a message; {@link #flush} sends what is queued. */
    void write(BackendMessage message) {
        ByteBuf bytes = channel.alloc().buffer();
        message.encode(bytes);
        Outbound.write(channel, bytes);
    }

    void flush() {
        channel.flush();
    }

    /** Calls back on the event loop, unless the client is gone by then. */
    <T> void whenDone(CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> next) {
        stage.whenComplete((result, failure) ->
                channel.eventLoop()
                        .execute(() -> {
                            if (!over) {
                                next.accept(result, failure);
                            }
                        }));
    }

    void fail(SqlState state, String message, String hint) {
        fail(Diagnostic.of(Severity.FATAL, state, message).withHint(hint));
    }

    /** Tells the client why, and closes. */
    void fail(Diagnostic diagnostic) {
        if (!over) {
            over = true;
            services.metrics().connectionRefused();
            log.debug("{}: {} {}", channel, diagnostic.sqlState(), diagnostic.message());
            audit(new AuditLog.Event.Refused(diagnostic.sqlState(), diagnostic.message()));
            write(new ErrorResponse(diagnostic));
            Transport.closeAfterFlush(channel, LAST_WORDS);
        }
    }

    /** Tells the client as much of a failure as is its business, and closes. */
    void fail(Throwable failure) {
        fail(services.diagnostic(failure));
    }

    /** As {@link #fail(Diagnostic)}; what is remembered of the login may not be so any more. */
    void refusedByCompute(RouteRequest request, Diagnostic why) {
        services.frequentLogins().forget(FrequentLogins.Login.of(channel, request));
        fail(why);
    }

    /** Closes; an alert told the client already. */
    void certificateRefused(String why) {
        if (!over) {
            services.metrics().connectionRefused();
            audit(new AuditLog.Event.Refused(SqlState.INVALID_AUTHORIZATION.code(), why));
            close();
        }
    }

    /** Closes without a word. */
    void close() {
        over = true;
        Outbound.close(channel);
    }
}
