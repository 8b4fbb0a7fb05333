package dev.sluice.gateway.transport;

import io.netty.channel.ChannelOutboundInvoker;

/**
 * Writes and closes whose futures nobody needs: a write that fails closes its channel, and the
 * handler there is told of that.
 */
public final class Outbound {
    private Outbound() {}

    public static void write(ChannelOutboundInvoker to, Object message) {
        var _ = to.write(message);
    }

    public static void send(ChannelOutboundInvoker to, Object message) {
        var _ = to.writeAndFlush(message);
    }

    public static void close(ChannelOutboundInvoker channel) {
        var _ = channel.close();
    }
}
