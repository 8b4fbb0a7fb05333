package dev.sluice.gateway.session;

import dev.sluice.gateway.compute.ComputeConnector;
import dev.sluice.gateway.compute.ServerConnection;
import dev.sluice.gateway.compute.ServerLogin;
import dev.sluice.gateway.relay.Session;
import dev.sluice.gateway.routing.RouteRequest;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.backend.TransactionStatus;
import dev.sluice.wire.startup.ProtocolVersion;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import org.jspecify.annotations.Nullable;

/**
 * Takes an authenticated client to its compute: has it woken, logs in there as the same role, and
 * starts the relay. What the server says of its settings goes on to the client, its cancel key is
 * kept back.
 */
final class ComputeLogin implements ComputeConnector.Passenger {
    private final ClientConnection connection;
    private final ChannelHandler waiting;
    private final ServerLogin login;
    private final RouteRequest request;
    private final ProtocolVersion version;

    /**
     * @param waiting the client's handler, which the relay replaces
     * @param version what the client speaks
     */
    ComputeLogin(
            ClientConnection connection,
            ChannelHandler waiting,
            ServerLogin login,
            RouteRequest request,
            ProtocolVersion version) {
        this.connection = connection;
        this.waiting = waiting;
        this.login = login;
        this.request = request;
        this.version = version;
    }

    void begin() {
        if (request.isPooled() && !login.isReplication()) {
            new PooledEntry(connection, waiting, login, request, version).begin();
            return;
        }
        Channel client = connection.channel();
        ComputeConnector.Attempt attempt =
                connection.services().connector().open(client.eventLoop(), login, this);
        client.closeFuture().addListener(_ -> attempt.abandon());
    }

    @Override
    public void told(BackendMessage message) {
        connection.write(message);
    }

    @Override
    public void notWoken(Throwable failure) {
        connection.services().metrics().wakeFailed();
        connection.fail(failure);
    }

    @Override
    public void refused(Diagnostic diagnostic) {
        connection.refusedByCompute(request, diagnostic);
    }

    @Override
    public void unreachable(Throwable cause) {
        if (!connection.isOver()) {
            connection.services().metrics().wakeFailed();
            connection.fail(
                    SqlState.CANNOT_CONNECT_NOW,
                    "Couldn't connect to compute node",
                    "It may be restarting: try again.");
        }
    }

    @Override
    public void ready(ServerConnection server) {
        GatewayServices services = connection.services();
        Channel client = connection.channel();
        Session session =
                new Session(
                        services.sessions().nextId(),
                        login,
                        request.database(),
                        request.role(),
                        client,
                        server,
                        cancelKey(server),
                        services.sessionContext());
        services.sessions().add(session);
        client.pipeline().addLast("relay", session.clientRelay());
        connection.write(new ReadyForQuery(TransactionStatus.IDLE));
        connection.flush();
        client.pipeline().remove(waiting);
        connection.resumeReading();
    }

    private @Nullable BackendKeyData cancelKey(ServerConnection server) {
        BackendKeyData key = server.key();
        if (key == null) {
            return null;
        }
        GatewayServices services = connection.services();
        BackendKeyData ours = services.cancelKeys().issue(version);
        connection
                .channel()
                .closeFuture()
                .addListener(_ -> services.cancelKeys().forget(ours.processId()));
        connection.write(ours);
        return ours;
    }
}
