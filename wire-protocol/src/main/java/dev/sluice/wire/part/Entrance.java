package dev.sluice.wire.part;

import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.startup.GSSENCRequest;
import dev.sluice.wire.startup.SSLRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What comes before a conversation: from the first bytes of a connection it is told how the peer
 * wants to talk. TLS begins with 0x16, at once or, when Postgres clients are welcome, after an
 * SSLRequest; below it, or on a Unix socket, a frame begins with its magic number, and anything
 * else is a Postgres client's.
 */
final class Entrance {
    private static final int TLS_HANDSHAKE = 0x16;
    private static final int REQUEST_BYTES = 8;

    /** A client may ask for GSSAPI, then for TLS. */
    private static final int MOST_REQUESTS = 2;

    private final PartAccess access;
    private final boolean guests;
    private final PendingHandshakes pending = new PendingHandshakes();

    Entrance(PartAccess access, boolean guests) {
        this.access = access;
        this.guests = guests;
    }

    /**
     * One who was let in: either may talk in frames, or is a Postgres client.
     *
     * @param channel null for a Postgres client
     * @param guest null for who talks in frames
     */
    record Admitted(@Nullable PartChannel channel, @Nullable PartStream guest) {}

    /**
     * Waits until it is known who is there.
     *
     * @throws IOException if it is nobody who may talk here
     */
    Admitted admit(SocketChannel socket, boolean overTcp) throws IOException {
        PartTls tls = access.tls();
        if (tls == null || !overTcp) {
            return byFirstBytes(new PlainStream(socket));
        }
        TlsStream stream;
        Set<PartRole> roles;
        try (PendingHandshakes.Place _ = pending.enter(socket);
                Deadline _ = Deadline.closing(socket, PartTls.HANDSHAKE_LIMIT)) {
            stream = tls.accepted(socket, untilTls(socket));
            stream.handshake();
            roles = PartTls.rolesOf(stream);
        }
        return byRole(stream, roles);
    }

    private Admitted byRole(TlsStream stream, Set<PartRole> roles) throws IOException {
        boolean caller = roles.stream().anyMatch(access.callers()::contains);
        boolean reader = guests && roles.contains(PartRole.READER);
        if (!caller && !reader) {
            stream.finish();
            throw new IOException(
                    "a certificate of %s is not enough here: only %s may connect"
                            .formatted(
                                    roles.isEmpty() ? "no part" : roles,
                                    guests
                                            ? access.callers() + " and readers"
                                            : access.callers().toString()));
        }
        Admitted admitted = byFirstBytes(stream);
        if (admitted.channel() == null && !reader) {
            stream.write(refusal("the certificate is not a reader's").nioBuffer());
            stream.finish();
            throw new IOException("only a reader's certificate may speak Postgres's protocol");
        }
        if (admitted.channel() != null && !caller) {
            stream.finish();
            throw new IOException("a reader's certificate may only speak Postgres's protocol");
        }
        return admitted;
    }

    private Admitted byFirstBytes(SocketStream stream) throws IOException {
        if (!guests) {
            return new Admitted(new PartChannel(stream), null);
        }
        ByteBuffer first = ByteBuffer.allocate(4);
        while (first.hasRemaining()) {
            if (stream.read(first) < 0) {
                throw new EOFException("connection closed before anything was said");
            }
        }
        first.flip();
        return first.getInt(0) == PartChannel.MAGIC
                ? new Admitted(new PartChannel(stream, first), null)
                : new Admitted(null, new PrefixedStream(first, stream));
    }

    /** Reads up to where TLS begins, and never past an SSLRequest. */
    private ByteBuffer untilTls(SocketChannel socket) throws IOException {
        ByteBuffer first = ByteBuffer.allocate(REQUEST_BYTES);
        for (int requests = 0; ; requests++) {
            first.clear();
            read(socket, first, 1);
            if (first.get(0) == TLS_HANDSHAKE) {
                return first.flip();
            }
            if (!guests || first.get(0) != 0 || requests == MOST_REQUESTS) {
                throw new IOException("neither TLS nor a request for it");
            }
            read(socket, first, REQUEST_BYTES);
            int length = first.getInt(0);
            int code = first.getInt(4);
            if (length == REQUEST_BYTES && code == SSLRequest.CODE) {
                socket.write(ByteBuffer.wrap(new byte[] {'S'}));
            } else if (length == REQUEST_BYTES && code == GSSENCRequest.CODE) {
                socket.write(ByteBuffer.wrap(new byte[] {'N'}));
            } else {
                socket.write(refusal("TLS with a reader's certificate is required").nioBuffer());
                throw new IOException("a Postgres client without TLS");
            }
        }
    }

    private static ByteBuf refusal(String message) {
        ByteBuf out = Unpooled.buffer();
        new ErrorResponse(
                        Diagnostic.of(
                                        Diagnostic.Severity.FATAL,
                                        SqlState.INVALID_AUTHORIZATION,
                                        message)
                                .withHint(
                                        "Connect with sslmode=verify-ca, sslrootcert, and a"
                                                + " reader's sslcert and sslkey."))
                .encode(out);
        return out;
    }

    private static void read(SocketChannel socket, ByteBuffer into, int needed) throws IOException {
        while (into.position() < needed) {
            if (socket.read(into) < 0) {
                throw new EOFException("connection closed before anything was said");
            }
        }
    }
}
