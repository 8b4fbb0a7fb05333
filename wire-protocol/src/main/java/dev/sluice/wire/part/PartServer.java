package dev.sluice.wire.part;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts connections at a {@link PartAddress} and runs a conversation on each that {@link
 * PartAccess} lets in, on a virtual thread of its own.
 */
public final class PartServer implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(PartServer.class);
    private static final long RETRY_NANOS = Duration.ofMillis(100).toNanos();

    /**
     * One conversation, from the first frame until it returns or throws; the channel is closed
     * afterwards.
     */
    public interface Conversation {
        void run(PartChannel channel) throws IOException;
    }

    /**
     * A conversation with a Postgres client, from its startup packet on; the stream is closed
     * afterwards.
     */
    public interface GuestConversation {
        void run(PartStream stream) throws IOException;
    }

    private final String name;
    private final PartAddress address;
    private final ServerSocketChannel listener;
    private final Entrance entrance;
    private final Conversation conversation;
    private final @Nullable GuestConversation guests;
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();

    private PartServer(
            String name,
            PartAddress address,
            ServerSocketChannel listener,
            PartAccess access,
            Conversation conversation,
            @Nullable GuestConversation guests) {
        this.name = name;
        this.address = address;
        this.listener = listener;
        this.entrance = new Entrance(access, guests != null);
        this.conversation = conversation;
        this.guests = guests;
    }

    /** As the longer one, for whoever can connect. */
    public static PartServer start(String name, PartAddress address, Conversation conversation)
            throws IOException {
        return start(name, address, PartAccess.ANYBODY, conversation, null);
    }

    /** As the longer one, without Postgres clients. */
    public static PartServer start(
            String name, PartAddress address, PartAccess access, Conversation conversation)
            throws IOException {
        return start(name, address, access, conversation, null);
    }

    /**
     * Binds and starts accepting. A stale Unix socket file at the address is replaced; TCP port 0
     * picks a free port, which {@link #address} then tells.
     *
     * @param guests for Postgres clients; null if there is nothing for them here
     */
    public static PartServer start(
            String name,
            PartAddress address,
            PartAccess access,
            Conversation conversation,
            @Nullable GuestConversation guests)
            throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(address.family());
        try {
            if (address instanceof PartAddress.Unix unix) {
                Files.deleteIfExists(unix.path());
            }
            listener.bind(address.socketAddress());
            PartAddress bound = address;
            if (address instanceof PartAddress.Tcp tcp) {
                int port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
                bound = new PartAddress.Tcp(tcp.host(), port);
            }
            PartServer server = new PartServer(name, bound, listener, access, conversation, guests);
            Thread.ofVirtual().name(name + "-accept").start(server::acceptUntilClosed);
            return server;
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw new IOException(name + " cannot listen at " + address + ": " + e.getMessage(), e);
        }
    }

    public PartAddress address() {
        return address;
    }

    private void acceptUntilClosed() {
        boolean failing = false;
        while (true) {
            try {
                SocketChannel socket = listener.accept();
                open.add(socket);
                Thread.ofVirtual().name(name + "-conversation").start(() -> converse(socket));
                failing = false;
            } catch (ClosedChannelException e) {
                log.debug("{} stopped listening at {}", name, address);
                return;
            } catch (IOException e) {
                // As when there are too many open files: that passes, and who knocks is still
                // there.
                if (!failing) {
                    log.error("{} cannot accept at {}, and tries again", name, address, e);
                }
                failing = true;
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    private void converse(SocketChannel socket) {
        try (socket) {
            if (address instanceof PartAddress.Tcp) {
                socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            Entrance.Admitted admitted = entrance.admit(socket, address instanceof PartAddress.Tcp);
            if (admitted.channel() != null) {
                conversation.run(admitted.channel());
            } else if (guests != null && admitted.guest() != null) {
                guests.run(admitted.guest());
            }
        } catch (ClosedChannelException e) {
            log.debug("{}: connection closed", name);
        } catch (IOException e) {
            log.info("{}: connection ended: {}", name, e.toString());
        } catch (RuntimeException e) {
            log.error("{}: conversation failed", name, e);
        } finally {
            open.remove(socket);
        }
    }

    /** Stops accepting and closes every open connection. */
    @Override
    public void close() throws IOException {
        listener.close();
        for (SocketChannel socket : open) {
            socket.close();
        }
        if (address instanceof PartAddress.Unix unix) {
            Files.deleteIfExists(unix.path());
        }
    }
}
