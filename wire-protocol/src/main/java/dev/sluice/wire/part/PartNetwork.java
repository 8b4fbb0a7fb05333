package dev.sluice.wire.part;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How one part reaches the others and is reached: over Unix sockets as they are, over TCP with TLS
 * and its own certificate.
 */
public final class PartNetwork {
    /** Has no certificate: for Unix sockets, and for TCP among those who ask for none. */
    public static final PartNetwork PLAIN = new PartNetwork(null);

    private final @Nullable PartTls tls;

    private PartNetwork(@Nullable PartTls tls) {
        this.tls = tls;
    }

    public static PartNetwork with(PartTls tls) {
        return new PartNetwork(tls);
    }

    /** Lets in who has one of these roles. */
    public PartAccess access(PartRole... callers) {
        return new PartAccess(tls, Set.of(callers));
    }

    /**
     * Opens a connection.
     *
     * @param wanted what is expected there; over TLS, the other's certificate must say so
     * @throws IOException if nobody is there, or another; the message names the address
     */
    public PartChannel connect(PartAddress address, PartRole wanted) throws IOException {
        SocketChannel socket = address.connect();
        if (tls == null || !(address instanceof PartAddress.Tcp tcp)) {
            return new PartChannel(new PlainStream(socket));
        }
        try {
            return new PartChannel(tls.connect(socket, tcp, wanted));
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw new IOException(
                    "no TLS with the %s at %s: %s".formatted(wanted.text(), address, reason(e)), e);
        }
    }

    private static String reason(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
