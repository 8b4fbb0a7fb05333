package dev.sluice.gateway.transport;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Who is at the other end of a client's connection, which may have come to us through a door of our
 * own: the WebSocket's is not the socket that its bytes arrive on.
 *
 * @param address the client's own; null where the system does not tell
 * @param encrypted whether the client's connection is encrypted
 */
public record Peer(@Nullable InetSocketAddress address, boolean encrypted) {
    private static final AttributeKey<Peer> KEY = AttributeKey.valueOf(Peer.class, "peer");

    /** The peer that the channel was marked with, or else the channel's own. */
    public static Peer of(Channel channel) {
        Peer marked = channel.attr(KEY).get();
        if (marked != null) {
            return marked;
        }
        SocketAddress remote = channel.remoteAddress();
        return new Peer(remote instanceof InetSocketAddress address ? address : null, false);
    }

    /** Says who is behind a channel that somebody else's bytes come through. */
    public void mark(Channel channel) {
        channel.attr(KEY).set(this);
    }

    /** Where the client is; this machine where the system does not tell. */
    public InetAddress inetAddress() {
        return address == null ? InetAddress.getLoopbackAddress() : address.getAddress();
    }

    /** Whether it is a program of this machine, so that nobody can listen on the way. */
    public boolean isLocal() {
        return address != null
                && address.getAddress() != null
                && address.getAddress().isLoopbackAddress();
    }
}
