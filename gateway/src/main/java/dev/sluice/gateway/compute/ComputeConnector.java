package dev.sluice.gateway.compute;

import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.scram.ScramClient;
import dev.sluice.wire.startup.CancelRequest;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens server connections: wakes the compute, connects, logs in. A compute that does not listen,
 * or that is just going down, is woken again for some seconds: one that was killed, alone or with
 * its agent, is only known to be gone after a while. One that fails otherwise is woken once more.
 */
public final class ComputeConnector {
    private static final Logger log = LoggerFactory.getLogger(ComputeConnector.class);

    /** What a compute says while it starts, stops or crashes. */
    private static final Set<String> GOING_DOWN = Set.of("57P01", "57P02", "57P03");

    /** How long a compute may take to act on a cancel request. */
    private static final Duration SIGNAL = Duration.ofSeconds(10);

    private static final long PATIENCE_NANOS = Duration.ofSeconds(5).toNanos();
    private static final long FIRST_PAUSE_MILLIS = 20;
    private static final long LONGEST_PAUSE_MILLIS = 500;

    private final WakeFlights wakes;
    private final Transport transport;
    private final SecureRandom random;
    private final Duration patience;
    private final Consumer<Route> reached;

    /**
     * @param patience with a compute that takes the connection and then says nothing
     * @param reached told of each compute that lets somebody in; from any thread
     */
    public ComputeConnector(
            WakeFlights wakes,
            Transport transport,
            SecureRandom random,
            Duration patience,
            Consumer<Route> reached) {
        this.wakes = wakes;
        this.transport = transport;
        this.random = random;
        this.patience = patience;
        this.reached = reached;
    }

    /**
     * Who waits for a connection; called on the event loop that was given. Exactly one of {@code
     * ready} and the failures is called, once, unless the attempt was abandoned before.
     */
    public interface Passenger {
        /** What the server says on the way: ParameterStatus and notices. */
        void told(BackendMessage message);

        /**
         * The server is ready for queries. Handlers that are added to its channel now see all that
         * comes from here on.
         */
        void ready(ServerConnection server);

        /** The server does not let this login in. */
        void refused(Diagnostic diagnostic);

        /** There is no compute: the directory's failure, as it came. */
        void notWoken(Throwable failure);

        /** There is a compute, but no way to it. */
        void unreachable(Throwable cause);
    }

    /**
     * Starts an attempt.
     *
     * @param loop where the connection lives, and where the passenger is called; call from there
     */
    public Attempt open(EventLoop loop, ServerLogin login, Passenger passenger) {
        Attempt attempt = new Attempt(loop, login, passenger);
        attempt.begin();
        return attempt;
    }

    /**
     * Has the server cancel what runs on a connection. Postgres closes the connection of a cancel
     * request once it has acted.
     *
     * @param loop where {@code then} is called
     * @param then the server has acted, or cannot be asked
     */
    public void cancel(EventLoop loop, ServerConnection server, Runnable then) {
        BackendKeyData key = server.key();
        if (key == null) {
            loop.execute(then);
            return;
        }
        transport
                .connect(loop, server.address(), new ChannelInboundHandlerAdapter())
                .addListener((ChannelFuture connected) -> {
                    Channel channel = connected.channel();
                    channel.closeFuture().addListener(_ -> then.run());
                    if (connected.isSuccess()) {
                        ByteBuf bytes = channel.alloc().buffer();
                        new CancelRequest(key.processId(), key.key()).encode(bytes);
                        Outbound.send(channel, bytes);
                        Transport.closeLater(channel, SIGNAL);
                    }
                });
    }

    /** A connection on its way. Confined to its event loop. */
    public final class Attempt {
        private final EventLoop loop;
        private final ServerLogin login;
        private final Passenger passenger;
        private final long begun = System.nanoTime();
        private long pauseMillis = FIRST_PAUSE_MILLIS;
        private boolean lastTry;
        private boolean abandoned;
        private @Nullable Runnable closing;
        private @Nullable ScheduledFuture<?> deadline;

        private Attempt(EventLoop loop, ServerLogin login, Passenger passenger) {
            this.loop = loop;
            this.login = login;
            this.passenger = passenger;
        }

        /** Nobody waits for it any more; no effect on a connection that is ready. */
        public void abandon() {
            abandoned = true;
            settled();
            Runnable close = closing;
            if (close != null) {
                close.run();
            }
        }

        /** How it went is known: nobody waits for the handshake any more. */
        private void settled() {
            ScheduledFuture<?> pending = deadline;
            if (pending != null) {
                pending.cancel(false);
                deadline = null;
            }
        }

        private void begin() {
            var _ =
                    wakes.wake(login.route())
                            .whenComplete((address, failure) ->
                                    loop.execute(() -> woken(address, failure)));
        }

        private void woken(@Nullable ComputeAddress address, @Nullable Throwable failure) {
            if (abandoned) {
                return;
            }
            if (address == null) {
                passenger.notWoken(
                        failure != null
                                ? failure
                                : new IllegalStateException("woken, but nowhere"));
            } else {
                connect(address);
            }
        }

        private void connect(ComputeAddress address) {
            ComputeHandshake handshake =
                    new ComputeHandshake(
                            login.parameters(),
                            ScramClient.withKeys(login.keys(), null, random),
                            new HandshakeOutcome(address));
            ChannelFuture connecting = transport.connect(loop, address, handshake);
            closing = () -> handshake.abandon(connecting.channel());
            deadline =
                    loop.schedule(
                            () -> handshake.tooSlow(connecting.channel()),
                            patience.toMillis(),
                            TimeUnit.MILLISECONDS);
            connecting.addListener((ChannelFuture connected) -> {
                if (!connected.isSuccess()) {
                    notListening(connected.cause());
                }
            });
        }

        private void notListening(Throwable cause) {
            settled();
            if (abandoned) {
                return;
            }
            if (!wakeAgainLater()) {
                log.info("compute of {} does not listen: {}", login.route().endpointId(), cause);
                passenger.unreachable(cause);
            }
        }

        /** Unless that has gone on for long. */
        private boolean wakeAgainLater() {
            if (System.nanoTime() - begun > PATIENCE_NANOS) {
                return false;
            }
            var _ =
                    loop.schedule(
                            () -> {
                                if (!abandoned) {
                                    begin();
                                }
                            },
                            pauseMillis,
                            TimeUnit.MILLISECONDS);
            pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
            return true;
        }

        private void refused(Diagnostic diagnostic) {
            settled();
            if (abandoned) {
                return;
            }
            if (!GOING_DOWN.contains(diagnostic.sqlState()) || !wakeAgainLater()) {
                passenger.refused(diagnostic);
            }
        }

        private void failed(Throwable cause) {
            settled();
            if (abandoned) {
                return;
            }
            log.info(
                    "compute of {} cannot be reached: {}",
                    login.route().endpointId(),
                    cause.toString());
            if (!lastTry) {
                lastTry = true;
                begin();
            } else {
                passenger.unreachable(cause);
            }
        }

        private final class HandshakeOutcome implements ComputeHandshake.Outcome {
            private final ComputeAddress address;

            HandshakeOutcome(ComputeAddress address) {
                this.address = address;
            }

            @Override
            public boolean isAbandoned() {
                return abandoned;
            }

            @Override
            public void told(BackendMessage message) {
                passenger.told(message);
            }

            @Override
            public void ready(Channel compute, @Nullable BackendKeyData key) {
                settled();
                reached.accept(login.route());
                passenger.ready(new ServerConnection(compute, address, key));
            }

            @Override
            public void refused(Diagnostic diagnostic) {
                Attempt.this.refused(diagnostic);
            }

            @Override
            public void failed(Throwable cause) {
                Attempt.this.failed(cause);
            }
        }
    }
}
