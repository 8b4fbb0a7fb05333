package dev.sluice.wire.part;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts connections at a {@link PartAddress} and runs a conversation on each, on a virtual thread
 * of its own.
 */
public final class PartServer implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(PartServer.class);

    /**
     * One conversation, from the first frame until it returns or throws; the channel is closed
     * afterwards.
     */
    public interface Conversation {
        void run(PartChannel channel) throws IOException;
    }

    private final String name;
    private final PartAddress address;
    private final ServerSocketChannel listener;
    private final Conversation conversation;
    private final Set<PartChannel> open = ConcurrentHashMap.newKeySet();

    private PartServer(
            String name,
            PartAddress address,
            ServerSocketChannel listener,
            Conversation conversation) {
        this.name = name;
        this.address = address;
        this.listener = listener;
        this.conversation = conversation;
    }

    /**
     * Binds and starts accepting. A stale Unix socket file at the address is replaced; TCP port 0
     * picks a free port, which {@link #address} then tells.
     */
    public static PartServer start(String name, PartAddress address, Conversation conversation)
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
            PartServer server = new PartServer(name, bound, listener, conversation);
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
        while (true) {
            try {
                SocketChannel socket = listener.accept();
                if (address instanceof PartAddress.Tcp) {
                    socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
                }
                PartChannel channel = new PartChannel(socket);
                open.add(channel);
                Thread.ofVirtual().name(name + "-conversation").start(() -> converse(channel));
            } catch (ClosedChannelException e) {
                log.debug("{} stopped listening at {}", name, address);
                return;
            } catch (IOException e) {
                log.error("{} cannot accept at {}", name, address, e);
                return;
            }
        }
    }

    private void converse(PartChannel channel) {
        try (channel) {
            conversation.run(channel);
        } catch (ClosedChannelException e) {
            log.debug("{}: connection closed", name);
        } catch (IOException e) {
            log.info("{}: connection ended: {}", name, e.toString());
        } catch (RuntimeException e) {
            log.error("{}: conversation failed", name, e);
        } finally {
            open.remove(channel);
        }
    }

    /** Stops accepting and closes every open connection. */
    @Override
    public void close() throws IOException {
        listener.close();
        for (PartChannel channel : open) {
            channel.close();
        }
        if (address instanceof PartAddress.Unix unix) {
            Files.deleteIfExists(unix.path());
        }
    }
}
