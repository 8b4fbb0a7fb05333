package dev.sluice.gateway.session;

import dev.sluice.gateway.relay.Session;
import dev.sluice.gateway.routing.ClientDestination;
import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.routing.Route;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.scram.ScramKeys;
import dev.sluice.wire.startup.ProtocolVersion;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes an authenticated client to its compute: wakes it, connects, logs in there as the same role,
 * and starts the relay. A compute that cannot be reached, or that is just going down, is woken once
 * more.
 */
final class ComputeLogin {
    private static final Logger log = LoggerFactory.getLogger(ComputeLogin.class);

    /** What a compute says while it starts, stops or crashes. */
    private static final Set<String> GOING_DOWN = Set.of("57P01", "57P02", "57P03");

    /**
     * Who goes where.
     *
     * @param version what the client speaks
     * @param keys what the client's proof gave away
     */
    record Passenger(
            Route route, ClientDestination destination, ProtocolVersion version, ScramKeys keys) {}

    private final ClientConnection connection;
    private final ChannelHandler waiting;
    private final Passenger passenger;
    private boolean lastAttempt;

    /**
     * @param waiting the client's handler, which the relay replaces
     */
    ComputeLogin(ClientConnection connection, ChannelHandler waiting, Passenger passenger) {
        this.connection = connection;
        this.waiting = waiting;
        this.passenger = passenger;
    }

    void begin() {
        connection.whenDone(
                connection.services().wakes().wake(passenger.route()),
                (address, failure) -> {
                    if (address == null) {
                        connection.services().metrics().wakeFailed();
                        connection.fail(
                                failure != null
                                        ? failure
                                        : new IllegalStateException("woken, but nowhere"));
                    } else {
                        connect(address);
                    }
                });
    }

    private void connect(ComputeAddress address) {
        ComputeHandshake handshake =
                new ComputeHandshake(
                        passenger,
                        connection,
                        new ComputeHandshake.Outcome() {
                            @Override
                            public void ready(Channel compute, @Nullable BackendKeyData key) {
                                relay(compute, address, key);
                            }

                            @Override
                            public void refused(Diagnostic diagnostic) {
                                ComputeLogin.this.refused(diagnostic);
                            }

                            @Override
                            public void failed(Throwable cause) {
                                unreachable(cause);
                            }
                        });
        connection
                .services()
                .transport()
                .connect(connection.channel().eventLoop(), address, handshake)
                .addListener((ChannelFuture connected) -> {
                    if (!connected.isSuccess()) {
                        unreachable(connected.cause());
                    }
                });
    }

    private void refused(Diagnostic diagnostic) {
        if (GOING_DOWN.contains(diagnostic.sqlState()) && !lastAttempt) {
            again();
        } else {
            connection.fail(diagnostic);
        }
    }

    private void unreachable(Throwable cause) {
        log.info(
                "compute of {} cannot be reached: {}",
                passenger.route().endpointId(),
                cause.toString());
        if (!lastAttempt) {
            again();
        } else if (!connection.isOver()) {
            connection.services().metrics().wakeFailed();
            connection.fail(
                    SqlState.CANNOT_CONNECT_NOW,
                    "Couldn't connect to compute node",
                    "It may be restarting: try again.");
        }
    }

    private void again() {
        if (!connection.isOver()) {
            lastAttempt = true;
            begin();
        }
    }

    private void relay(Channel compute, ComputeAddress address, @Nullable BackendKeyData key) {
        GatewayServices services = connection.services();
        Channel client = connection.channel();
        if (key != null) {
            BackendKeyData ours = services.cancelKeys().issue(passenger.version(), address, key);
            client.closeFuture().addListener(_ -> services.cancelKeys().forget(ours.processId()));
            connection.write(ours);
        }
        Session session =
                new Session(
                        services.sessions().nextId(),
                        passenger.route(),
                        passenger.destination().request().database(),
                        passenger.destination().request().role(),
                        client,
                        compute,
                        services.metrics(),
                        services.listener());
        services.sessions().add(session);
        compute.pipeline().addLast("relay", session.serverRelay());
        client.pipeline().addLast("relay", session.clientRelay());
        client.pipeline().remove(waiting);
        connection.resumeReading();
    }
}
