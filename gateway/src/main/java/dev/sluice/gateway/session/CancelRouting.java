package dev.sluice.gateway.session;

import dev.sluice.gateway.relay.CancelKeys;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.wire.startup.CancelRequest;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.Optional;

/**
 * Passes a cancel request on to the compute it is meant for. The client is never answered; its
 * connection is closed when the compute has closed its own, which Postgres does once it has acted:
 * that is what {@code PQcancel} waits for.
 */
final class CancelRouting {
    private CancelRouting() {}

    static void route(ClientConnection connection, CancelRequest request) {
        GatewayServices services = connection.services();
        Optional<CancelKeys.Target> found = services.cancelKeys().find(request);
        if (found.isEmpty()) {
            connection.close();
            return;
        }
        services.metrics().cancelRouted();
        CancelKeys.Target target = found.get();
        services.transport()
                .connect(
                        connection.channel().eventLoop(),
                        target.address(),
                        new ChannelInboundHandlerAdapter())
                .addListener((ChannelFuture connected) -> {
                    if (!connected.isSuccess()) {
                        connection.close();
                        return;
                    }
                    ByteBuf bytes = connected.channel().alloc().buffer();
                    target.request().encode(bytes);
                    Outbound.send(connected.channel(), bytes);
                    connected.channel().closeFuture().addListener(_ -> connection.close());
                    connection
                            .channel()
                            .closeFuture()
                            .addListener(_ -> Outbound.close(connected.channel()));
                });
    }
}
