package dev.sluice.wire.part;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** Where a part of Sluice listens: {@code unix:/path/to/socket} or {@code tcp:host:port}. */
public sealed interface PartAddress {
    /** A host that is off refuses nothing: a connection to it would be tried for two minutes. */
    Duration CONNECT_LIMIT = Duration.ofSeconds(10);

    /** A Unix domain socket. Its directory's permissions are its access control. */
    record Unix(Path path) implements PartAddress {
        @Override
        public String toString() {
            return "unix:" + path;
        }
    }

    /** A TCP address. */
    record Tcp(String host, int port) implements PartAddress {
        @Override
        public String toString() {
            return "tcp:" + host + ":" + port;
        }
    }

    /**
     * Reads what {@link Object#toString} of an address prints.
     *
     * @throws IllegalArgumentException if the text is neither form
     */
    static PartAddress parse(String text) {
        if (text.startsWith("unix:") && text.length() > 5) {
            return new Unix(Path.of(text.substring(5)));
        }
        int colon = text.lastIndexOf(':');
        if (text.startsWith("tcp:") && colon > 4) {
            return new Tcp(text.substring(4, colon), port(text, colon + 1));
        }
        throw new IllegalArgumentException(
                "not a part's address: \"" + text + "\" (unix:/path or tcp:host:port)");
    }

    private static int port(String address, int from) {
        try {
            int port = Integer.parseInt(address, from, address.length(), 10);
            if (port >= 0 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // as one that is out of range
        }
        throw new IllegalArgumentException("not a part's address: \"" + address + "\" (bad port)");
    }

    default SocketAddress socketAddress() {
        return switch (this) {
            case Unix unix -> UnixDomainSocketAddress.of(unix.path);
            case Tcp tcp -> new InetSocketAddress(tcp.host, tcp.port);
        };
    }

    default StandardProtocolFamily family() {
        return switch (this) {
            case Unix _ -> StandardProtocolFamily.UNIX;
            case Tcp _ -> StandardProtocolFamily.INET;
        };
    }

    /**
     * Opens a blocking connection to this address.
     *
     * @throws IOException if nobody is there, or a host says nothing for {@link #CONNECT_LIMIT}
     */
    default SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(family());
        try (Deadline deadline = Deadline.closing(channel, CONNECT_LIMIT)) {
            try {
                if (this instanceof Tcp) {
                    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                }
                channel.connect(socketAddress());
                return channel;
            } catch (IOException | RuntimeException e) {
                channel.close();
                String reason =
                        deadline.hasPassed()
                                ? "no answer for " + CONNECT_LIMIT.toSeconds() + " s"
                                : e.getMessage();
                throw new IOException("cannot connect to " + this + ": " + reason, e);
            }
        }
    }
}
