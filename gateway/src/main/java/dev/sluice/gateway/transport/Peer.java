package dev.sluice.gateway.transport;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
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
 * @param tls the version that the client's connection is encrypted with, such as {@code TLSv1.3};
 *     null if it is not
 */
public record Peer(@Nullable InetSocketAddress address, @Nullable String tls) {
    private static final AttributeKey<Peer> KEY = AttributeKey.valueOf(Peer.class, "peer");

    /** The peer that the channel was marked with, or else the channel's own. */
    public static Peer of(Channel channel) {
        Peer marked = channel.attr(KEY).get();
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        if (marked != null && handler == null) {
            return marked;
        }
        String tls = handler == null ? null : handler.engine().getSession().getProtocol();
        if (marked != null) {
            return new Peer(marked.address, tls);
        }
        SocketAddress remote = channel.remoteAddress();
        return new Peer(remote instanceof InetSocketAddress address ? address : null, tls);
    }

    /** Whether the client's connection is encrypted. */
    public boolean encrypted() {
        return tls != null;
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
