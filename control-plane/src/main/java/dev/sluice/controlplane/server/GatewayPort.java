package dev.sluice.controlplane.server;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/**
 * The gateway's port, held from the first moment of a start until the gateway takes it over: a port
 * in use is told before anything else is done.
 */
final class GatewayPort implements Closeable {
    private final ServerSocket socket;

    private GatewayPort(ServerSocket socket) {
        this.socket = socket;
    }

    static GatewayPort reserve(String host, int port) throws IOException {
        ServerSocket socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(host, port));
            return new GatewayPort(socket);
        } catch (IOException e) {
            socket.close();
            throw new IOException(
                    "cannot listen at "
                            + host
                            + ":"
                            + port
                            + ": "
                            + e.getMessage()
                            + " (choose another with --port)",
                    e);
        }
    }

    /** The one that was asked for, or the free one that was found. */
    int port() {
        return socket.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
