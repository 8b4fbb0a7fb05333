package dev.sluice.gateway;

import dev.sluice.wire.backend.AuthenticationOk;
import dev.sluice.wire.backend.AuthenticationSASLContinue;
import dev.sluice.wire.backend.AuthenticationSASLFinal;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.OpaqueFrame;
import dev.sluice.wire.frontend.FrontendMessage;
import dev.sluice.wire.frontend.SASLInitialResponse;
import dev.sluice.wire.frontend.SASLResponse;
import dev.sluice.wire.scram.ScramClient;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.SSLRequest;
import dev.sluice.wire.startup.StartupMessage;
import dev.sluice.wire.startup.StartupPacket;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** A client that says exactly what a test wants it to say. */
final class RawClient implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 20_000;

    private Socket socket;
    private final ByteBuf received = Unpooled.buffer();

    RawClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
    }

    /** Asks for TLS and begins it, naming a host as its server name, if it is one. */
    RawClient encrypt(String host) throws IOException {
        send(new SSLRequest());
        if (readByte() != 'S') {
            throw new IOException("no TLS");
        }
        SSLSocket encrypted =
                (SSLSocket)
                        TrustAll.context()
                                .getSocketFactory()
                                .createSocket(socket, host, socket.getPort(), true);
        encrypted.startHandshake();
        socket = encrypted;
        return this;
    }

    void send(byte... bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    void send(StartupPacket packet) throws IOException {
        ByteBuf bytes = Unpooled.buffer();
        packet.encode(bytes);
        send(ByteBufUtil.getBytes(bytes));
    }

    void send(FrontendMessage message) throws IOException {
        ByteBuf bytes = Unpooled.buffer();
        message.encode(bytes);
        send(ByteBufUtil.getBytes(bytes));
    }

    void startup(ProtocolVersion version, Map<String, String> parameters) throws IOException {
        send(new StartupMessage(version, parameters));
    }

    /** Says that nothing more will come; what is on its way can still be read. */
    void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    int readByte() throws IOException {
        return socket.getInputStream().read();
    }

    /** The next message; null when the gateway has closed. */
    @Nullable BackendMessage receive() throws IOException {
        while (true) {
            OpaqueFrame frame = OpaqueFrame.read(received, FrameHeader.MAX_LENGTH);
            if (frame != null) {
                return BackendMessage.decode(frame.type(), frame.body());
            }
            byte[] chunk = new byte[8192];
            int read = socket.getInputStream().read(chunk);
            if (read < 0) {
                return null;
            }
            received.writeBytes(chunk, 0, read);
        }
    }

    /** Reads past everything else to the next message of a type. */
    <T extends BackendMessage> T await(Class<T> type) throws IOException {
        while (true) {
            BackendMessage message = receive();
            if (message == null) {
                throw new EOFException("closed before " + type.getSimpleName());
            }
            if (type.isInstance(message)) {
                return type.cast(message);
            }
            if (message instanceof ErrorResponse error) {
                throw new IOException(error.toString());
            }
        }
    }

    /** A message of any bytes. */
    static byte[] bytes(char type, byte[] body) {
        return java.nio.ByteBuffer.allocate(5 + body.length)
                .put((byte) type)
                .putInt(4 + body.length)
                .put(body)
                .array();
    }

    /** The rows of a simple query, as Latin-1. */
    List<List<String>> query(String sql) throws IOException {
        send(new dev.sluice.wire.frontend.Query(sql));
        List<List<String>> rows = new ArrayList<>();
        while (true) {
            BackendMessage message = receive();
            switch (message) {
                case null -> throw new EOFException("closed during a query");
                case dev.sluice.wire.backend.DataRow row ->
                        rows.add(
                                row.columns().stream()
                                        .map(column ->
                                                column == null
                                                        ? "NULL"
                                                        : column.toString(
                                                                java.nio.charset.StandardCharsets
                                                                        .ISO_8859_1))
                                        .toList());
                case ErrorResponse error -> throw new IOException(error.toString());
                case ReadyForQuery _ -> {
                    return rows;
                }
                default -> {
                    // nothing to keep
                }
            }
        }
    }

    void queryIgnoringErrors(String sql) throws IOException {
        send(new dev.sluice.wire.frontend.Query(sql));
        while (!(receive() instanceof ReadyForQuery)) {
            // until it is ready again
        }
    }

    /** The error that ends the connection. */
    dev.sluice.wire.backend.Diagnostic lastWords() throws IOException {
        while (true) {
            BackendMessage message = receive();
            if (message == null) {
                throw new EOFException("closed without a word");
            }
            if (message instanceof ErrorResponse error) {
                return error.diagnostic();
            }
        }
    }

    /** Logs in; the messages from AuthenticationOk to ReadyForQuery. */
    List<BackendMessage> login(String password) throws IOException {
        proveWithoutWaiting(password);
        List<BackendMessage> messages = new ArrayList<>();
        while (true) {
            BackendMessage message = receive();
            if (message == null) {
                throw new EOFException("closed during login, after " + messages);
            }
            messages.add(message);
            if (message instanceof ReadyForQuery || message instanceof ErrorResponse) {
                return messages;
            }
        }
    }

    void proveWithoutWaiting(String password) throws IOException {
        ScramClient scram = ScramClient.withPassword(password, null, new SecureRandom());
        await(dev.sluice.wire.backend.AuthenticationSASL.class);
        send(
                new SASLInitialResponse(
                        scram.mechanism().saslName(), Unpooled.wrappedBuffer(scram.first())));
        AuthenticationSASLContinue challenge = await(AuthenticationSASLContinue.class);
        send(
                new SASLResponse(
                        Unpooled.wrappedBuffer(
                                scram.respond(ByteBufUtil.getBytes(challenge.data())))));
        scram.verify(ByteBufUtil.getBytes(await(AuthenticationSASLFinal.class).data()));
        await(AuthenticationOk.class);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
