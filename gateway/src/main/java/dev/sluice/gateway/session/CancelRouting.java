package dev.sluice.gateway.session;

import dev.sluice.gateway.cancel.CancelForwarding;
import dev.sluice.gateway.cancel.CancelPeers;
import dev.sluice.gateway.door.Door;
import dev.sluice.gateway.door.ProxyHeader;
import dev.sluice.gateway.pooling.Cancelling;
import dev.sluice.gateway.relay.CancelKeys;
import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.wire.startup.CancelRequest;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Passes a cancel request on to the compute it is meant for. The client is never answered; its
 * connection is closed when the compute has closed its own, which Postgres does once it has acted:
 * that is what {@code PQcancel} waits for.
 */
final class CancelRouting {
    private CancelRouting() {}

    /**
     * Takes a client's request to the session's compute, or to the gateway that has the session.
     */
    static void route(ClientConnection connection, CancelRequest request, Door.Open door) {
        if (toCompute(connection, request)) {
            return;
        }
        Optional<CancelPeers> peers = door.rules().cancelPeers();
        Optional<InetSocketAddress> owner =
                peers.flatMap(known -> CancelForwarding.owner(known, request));
        if (owner.isPresent()
                && door.visitors().mayForwardCancel(ProxyHeader.client(connection.channel()))) {
            forward(connection, peers.orElseThrow(), owner.get(), request);
        } else {
            connection.close();
        }
    }

    /** Takes a request that another gateway sent on to the session's compute, and nowhere else. */
    static void routeForwarded(ClientConnection connection, CancelRequest request) {
        if (!toCompute(connection, request)) {
            connection.close();
        }
    }

    private static boolean toCompute(ClientConnection connection, CancelRequest request) {
        GatewayServices services = connection.services();
        Optional<Cancelling> pooled = services.cancelKeys().findPooled(request);
        if (pooled.isPresent()) {
            services.metrics().cancelRouted();
            pooled.get()
                    .hold(held ->
                            connection
                                    .channel()
                                    .eventLoop()
                                    .execute(() -> pooled(connection, held)));
            return true;
        }
        Optional<CancelKeys.Cancellable> session = services.cancelKeys().findSession(request);
        if (session.isEmpty()) {
            return false;
        }
        services.metrics().cancelRouted();
        session.get()
                .cancel(target ->
                        connection
                                .channel()
                                .eventLoop()
                                .execute(() -> {
                                    if (target == null) {
                                        connection.close();
                                    } else {
                                        send(connection, target);
                                    }
                                }));
        return true;
    }

    private static void send(ClientConnection connection, CancelKeys.Target target) {
        ByteBuf bytes = connection.channel().alloc().buffer();
        target.request().encode(bytes);
        send(connection, target.address(), bytes);
    }

    /** What runs for the client runs on a connection that nobody else gets before this is over. */
    private static void pooled(ClientConnection connection, Cancelling.@Nullable Held held) {
        if (held == null) {
            connection.close();
            return;
        }
        connection
                .services()
                .connector()
                .cancel(
                        connection.channel().eventLoop(),
                        held.server(),
                        () -> {
                            held.release();
                            connection.close();
                        });
    }

    private static void forward(
            ClientConnection connection,
            CancelPeers peers,
            InetSocketAddress owner,
            CancelRequest request) {
        GatewayServices services = connection.services();
        CancelForwarding forwarding = services.cancelForwarding();
        if (!forwarding.tryDepart()) {
            connection.close();
            return;
        }
        connection.channel().closeFuture().addListener(_ -> forwarding.arrived());
        services.metrics().cancelForwarded();
        ByteBuf bytes = connection.channel().alloc().buffer();
        forwarding.encode(peers, request, bytes);
        send(
                connection,
                new ComputeAddress.Tcp(owner.getAddress().getHostAddress(), owner.getPort()),
                bytes);
    }

    /** The client's connection lasts as long as this one, and no longer than its deadline. */
    private static void send(ClientConnection connection, ComputeAddress to, ByteBuf bytes) {
        connection
                .services()
                .transport()
                .connect(connection.channel().eventLoop(), to, new ChannelInboundHandlerAdapter())
                .addListener((ChannelFuture connected) -> {
                    if (!connected.isSuccess()) {
                        bytes.release();
                        connection.close();
                        return;
                    }
                    Outbound.send(connected.channel(), bytes);
                    connected.channel().closeFuture().addListener(_ -> connection.close());
                    connection
                            .channel()
                            .closeFuture()
                            .addListener(_ -> Outbound.close(connected.channel()));
                });
    }
}
