package dev.sluice.gateway.session;

import dev.sluice.gateway.admin.AdminConsole;
import dev.sluice.gateway.compute.ServerLogin;
import dev.sluice.gateway.pooling.Cancelling;
import dev.sluice.gateway.pooling.Entrant;
import dev.sluice.gateway.routing.RouteRequest;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.gateway.transport.Peer;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.backend.TransactionStatus;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.startup.ProtocolVersion;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/** Takes an authenticated client of a {@code -pooler} endpoint to its pool. */
final class PooledEntry implements Entrant {
    /** The name of the database that is none: it tells of the pools. */
    private static final String ADMIN = "pgbouncer";

    private final ClientConnection connection;
    private final ChannelHandler waiting;
    private final ServerLogin login;
    private final RouteRequest request;
    private final ProtocolVersion version;

    /**
     * @param waiting the client's handler, which the pool's replaces
     * @param version what the client speaks
     */
    PooledEntry(
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
        if (request.database().equals(ADMIN)) {
            admin();
        } else {
            connection.services().pools().enter(this);
        }
    }

    private void admin() {
        Channel client = connection.channel();
        ByteBuf out = client.alloc().buffer();
        AdminConsole.REPORTED.forEach((name, value) -> tell(out, name, value));
        new ReadyForQuery(TransactionStatus.IDLE).encode(out);
        Outbound.send(client, out);
        client.pipeline()
                .addLast(
                        "admin",
                        new AdminConsole(
                                connection.services().pools(),
                                login.route().endpointId(),
                                request.role()));
        client.pipeline().remove(waiting);
        connection.resumeReading();
    }

    @Override
    public Channel channel() {
        return connection.channel();
    }

    @Override
    public ServerLogin login() {
        return login;
    }

    @Override
    public String database() {
        return request.database();
    }

    @Override
    public String role() {
        return request.role();
    }

    @Override
    public Who who() {
        Peer peer = Peer.of(connection.channel());
        return new Who(
                peer.address(),
                Objects.requireNonNullElse(peer.tls(), ""),
                login.parameters().getOrDefault("application_name", ""));
    }

    @Override
    public void refused(Diagnostic why) {
        connection.refusedByCompute(request, why);
    }

    @Override
    public void welcome(Map<String, String> reported, ChannelHandler input, Cancelling cancelling) {
        if (connection.isOver()) {
            return;
        }
        Channel client = connection.channel();
        GatewayServices services = connection.services();
        BackendKeyData key = services.cancelKeys().issue(version, cancelling);
        client.closeFuture().addListener(_ -> services.cancelKeys().forget(key.processId()));
        ByteBuf out = client.alloc().buffer();
        reported.forEach((name, value) -> tell(out, name, value));
        key.encode(out);
        new ReadyForQuery(TransactionStatus.IDLE).encode(out);
        Outbound.send(client, out);
        client.pipeline().addLast("pooled", input);
        client.pipeline().remove(waiting);
        connection.resumeReading();
    }

    /** ParameterStatus, with one character for each byte. */
    private static void tell(ByteBuf out, String name, String value) {
        int lengthAt = FrameHeader.begin(out, (byte) 'S');
        out.writeCharSequence(name, StandardCharsets.ISO_8859_1);
        out.writeByte(0);
        out.writeCharSequence(value, StandardCharsets.ISO_8859_1);
        out.writeByte(0);
        FrameHeader.end(out, lengthAt);
    }
}
