package dev.sluice.controlplane.project;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import javax.net.SocketFactory;

/**
 * Lets pgjdbc, which knows only {@link Socket}s, talk through the Unix socket that its argument
 * names. The host and port that pgjdbc asks for are not looked at.
 *
 * <p>The JDK has had Unix sockets since 16 but gives them no {@link Socket} face; this is the part
 * of one that pgjdbc uses. Timeouts are accepted and not kept: the peer is a process of this
 * machine, whose death closes the socket.
 */
public final class UnixSocketFactory extends SocketFactory {
    private final String path;

    /** Called by pgjdbc with the connection property {@code socketFactoryArg}. */
    public UnixSocketFactory(String path) {
        this.path = path;
    }

    @Override
    public Socket createSocket() {
        return new UnixSocket(path);
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        Socket socket = createSocket();
        socket.connect(socket.getRemoteSocketAddress());
        return socket;
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort)
            throws IOException {
        return createSocket(host, port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return createSocket("", port);
    }

    @Override
    public Socket createSocket(
            InetAddress address, int port, InetAddress localAddress, int localPort)
            throws IOException {
        return createSocket("", port);
    }

    private static final class UnixSocket extends Socket {
        private final UnixDomainSocketAddress address;
        private final SocketChannel channel;
        private int timeoutMillis;

        UnixSocket(String path) {
            this.address = UnixDomainSocketAddress.of(path);
            try {
                this.channel = SocketChannel.open(java.net.StandardProtocolFamily.UNIX);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        @Override
        public void connect(SocketAddress ignored) throws IOException {
            channel.connect(address);
        }

        @Override
        public void connect(SocketAddress ignored, int timeout) throws IOException {
            channel.connect(address);
        }

        @Override
        public boolean isConnected() {
            return channel.isConnected();
        }

        @Override
        public boolean isClosed() {
            return !channel.isOpen();
        }

        @Override
        public SocketAddress getRemoteSocketAddress() {
            return address;
        }

        @Override
        public InputStream getInputStream() {
            return Channels.newInputStream(channel);
        }

        @Override
        public OutputStream getOutputStream() {
            return Channels.newOutputStream(channel);
        }

        @Override
        public void setSoTimeout(int timeout) {
            timeoutMillis = timeout;
        }

        @Override
        public int getSoTimeout() {
            return timeoutMillis;
        }

        @Override
        public void setTcpNoDelay(boolean on) {
            // A Unix socket never delays.
        }

        @Override
        public void setKeepAlive(boolean on) {
            // The kernel tells at once when the peer is gone.
        }

        @Override
        public void setReceiveBufferSize(int size) throws SocketException {
            // The kernel's default is right for a local socket.
        }

        @Override
        public void setSendBufferSize(int size) throws SocketException {
            // The kernel's default is right for a local socket.
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
