package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.backend.AuthenticationCleartextPassword;
import dev.sluice.wire.backend.AuthenticationOk;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.CommandComplete;
import dev.sluice.wire.backend.DataRow;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.OpaqueFrame;
import dev.sluice.wire.frontend.FrontendMessage;
import dev.sluice.wire.frontend.PasswordMessage;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.frontend.Terminate;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.StartupMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLParameters;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Postgres clients inside WebSockets. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class PostgresOverWebSocketTest {
    @TempDir Path directory;

    private TestGateway gateway;
    private HttpClient client;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        gateway = new TestGateway(postgres, directory);
        client = HttpClient.newHttpClient();
    }

    @AfterEach
    void stop() {
        client.close();
        gateway.close();
    }

    /** What comes out of a WebSocket. */
    private static final class Received implements WebSocket.Listener {
        private final BlockingQueue<byte[]> frames = new LinkedBlockingQueue<>();
        private final Queue<ByteBuffer> pongs = new ConcurrentLinkedQueue<>();
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();
        private final ByteBuf bytes = Unpooled.buffer();

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            byte[] copy = new byte[data.remaining()];
            data.get(copy);
            frames.add(copy);
            socket.request(1);
            return CompletableFuture.completedStage(null);
        }

        @Override
        public CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
            pongs.add(ByteBuffer.wrap(new byte[] {message.get()}));
            socket.request(1);
            return CompletableFuture.completedStage(null);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            closed.complete(status);
            return CompletableFuture.completedStage(null);
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.completeExceptionally(error);
        }

        BackendMessage next() throws InterruptedException {
            while (true) {
                OpaqueFrame frame = OpaqueFrame.read(bytes, FrameHeader.MAX_LENGTH);
                if (frame != null) {
                    return BackendMessage.decode(frame.type(), frame.body());
                }
                byte[] more = frames.poll(20, TimeUnit.SECONDS);
                assertThat(more).as("an answer").isNotNull();
                bytes.writeBytes(more);
            }
        }

        <T extends BackendMessage> T await(Class<T> type) throws InterruptedException {
            while (true) {
                BackendMessage message = next();
                if (type.isInstance(message)) {
                    return type.cast(message);
                }
                assertThat(message).isNotInstanceOf(ErrorResponse.class);
            }
        }
    }

    private WebSocket open(String path, Received received) {
        return client.newWebSocketBuilder()
                .buildAsync(URI.create("ws://127.0.0.1:" + gateway.port() + path), received)
                .join();
    }

    private static byte[] bytes(@Nullable StartupMessage startup, FrontendMessage... messages) {
        ByteBuf out = Unpooled.buffer();
        if (startup != null) {
            startup.encode(out);
        }
        for (FrontendMessage message : messages) {
            message.encode(out);
        }
        return ByteBufUtil.getBytes(out);
    }

    @Test
    void theEndpointIsInTheHostTheOptionsOrThePassword() throws Exception {
        gateway.directory.hasDefault = false;
        Received received = new Received();
        WebSocket socket = open("/v2", received);
        send(socket, bytes(startup("alice"), new PasswordMessage("endpoint=ep-y;wonderland")));
        received.await(ReadyForQuery.class);
        assertThat(gateway.directory.requests.getLast().endpoint()).contains("ep-y");
        send(socket, bytes(null, new Terminate()));
        assertThat(received.closed.get(10, TimeUnit.SECONDS)).isEqualTo(1000);
        Received refused = new Received();
        WebSocket another = open("/v2", refused);
        send(another, bytes(startup("alice"), new PasswordMessage("wonderland")));
        refused.next();
        assertThat(refused.next())
                .isInstanceOfSatisfying(
                        ErrorResponse.class,
                        error -> {
                            assertThat(error.diagnostic().sqlState()).isEqualTo("28000");
                            assertThat(error.diagnostic().message())
                                    .startsWith("Endpoint ID is not specified.");
                        });
        refused.closed.get(10, TimeUnit.SECONDS);
    }

    private static StartupMessage startup(String role) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("user", role);
        parameters.put("database", "app");
        return new StartupMessage(ProtocolVersion.V3_0, parameters);
    }

    private static void send(WebSocket socket, byte[] bytes) {
        socket.sendBinary(ByteBuffer.wrap(bytes), true).join();
    }

    @Test
    void startupPasswordAndQueryInOneFrame() throws Exception {
        Received received = new Received();
        WebSocket socket = open("/v2", received);
        send(
                socket,
                bytes(
                        startup("alice"),
                        new PasswordMessage("wonderland"),
                        new Query("select 6 * 7")));
        assertThat(received.next()).isInstanceOf(AuthenticationCleartextPassword.class);
        assertThat(received.next()).isInstanceOf(AuthenticationOk.class);
        received.await(ReadyForQuery.class);
        DataRow row = received.await(DataRow.class);
        assertThat(row.columns().getFirst().toString(StandardCharsets.UTF_8)).isEqualTo("42");
        received.await(ReadyForQuery.class);
        send(socket, bytes(null, new Terminate()));
        assertThat(received.closed.get(10, TimeUnit.SECONDS)).isEqualTo(1000);
        Awaitility.await().until(() -> gateway.gateway.sessions().isEmpty());
    }

    @Test
    void byteByByteOnAnyPath() throws Exception {
        Received received = new Received();
        WebSocket socket = open("/v1?address=ep-y.localhost:5432", received);
        for (byte each : bytes(startup("alice"))) {
            send(socket, new byte[] {each});
        }
        received.await(AuthenticationCleartextPassword.class);
        for (byte each : bytes(null, new PasswordMessage("wonderland"))) {
            send(socket, new byte[] {each});
        }
        received.await(ReadyForQuery.class);
        for (byte each : bytes(null, new Query("select repeat('x', 1000000)"))) {
            send(socket, new byte[] {each});
        }
        assertThat(received.await(DataRow.class).columns().getFirst().readableBytes())
                .isEqualTo(1_000_000);
        socket.abort();
        Awaitility.await().until(() -> gateway.gateway.sessions().isEmpty());
    }

    @Test
    void aWrongPasswordAndAnUnknownRoleAreRefusedAlike() throws Exception {
        for (String role : new String[] {"alice", "nobody"}) {
            Received received = new Received();
            WebSocket socket = open("/v2", received);
            send(socket, bytes(startup(role), new PasswordMessage("wrong")));
            received.next();
            assertThat(received.next())
                    .isInstanceOfSatisfying(
                            ErrorResponse.class,
                            error -> {
                                assertThat(error.diagnostic().sqlState()).isEqualTo("28P01");
                                assertThat(error.diagnostic().message())
                                        .isEqualTo(
                                                "password authentication failed for user \""
                                                        + role
                                                        + "\"");
                            });
            received.closed.get(10, TimeUnit.SECONDS);
        }
        assertThat(gateway.directory.wakes).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void theAuditLogTellsHowItIsEncrypted(String version) throws Exception {
        SSLParameters only = new SSLParameters();
        only.setProtocols(new String[] {version});
        try (HttpClient encrypted =
                HttpClient.newBuilder()
                        .sslContext(TrustAll.context())
                        .sslParameters(only)
                        .build()) {
            Received received = new Received();
            WebSocket socket =
                    encrypted
                            .newWebSocketBuilder()
                            .buildAsync(
                                    URI.create("wss://127.0.0.1:" + gateway.port() + "/v2"),
                                    received)
                            .join();
            send(socket, bytes(startup("alice"), new PasswordMessage("wonderland")));
            received.await(ReadyForQuery.class);
            socket.abort();
        }
        assertThat(gateway.audit.getFirst().connection().tls()).isEqualTo(version);
    }

    @Test
    void textFramesAreRefused() throws Exception {
        Received received = new Received();
        WebSocket socket = open("/v2", received);
        socket.sendText("select 1", true).join();
        assertThat(received.closed.get(10, TimeUnit.SECONDS)).isEqualTo(1003);
    }

    @Test
    void piecesOfAMessageWithPingsBetween() throws Exception {
        Received received = new Received();
        WebSocket socket = open("/v2", received);
        byte[] all =
                bytes(startup("alice"), new PasswordMessage("wonderland"), new Query("select 7"));
        for (int at = 0; at < all.length; at += 20) {
            int end = Math.min(all.length, at + 20);
            socket.sendBinary(ByteBuffer.wrap(all, at, end - at), end == all.length).join();
            socket.sendPing(ByteBuffer.wrap(new byte[] {(byte) at})).join();
        }
        received.await(DataRow.class);
        Awaitility.await().until(() -> received.pongs.size() == (all.length + 19) / 20);
        assertThat(received.pongs).first().isEqualTo(ByteBuffer.wrap(new byte[] {0}));
        socket.sendClose(4321, "enough").join();
        assertThat(received.closed.get(10, TimeUnit.SECONDS)).isEqualTo(4321);
        Awaitility.await().until(() -> gateway.gateway.sessions().isEmpty());
    }

    /** The handshake's answer is not there yet, and nothing of it is lost. */
    @Test
    void aFrameThatComesWithTheHandshake() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
            socket.setSoTimeout(20_000);
            ByteBuf early = Unpooled.buffer();
            early.writeCharSequence(
                    "GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                    StandardCharsets.US_ASCII);
            // a ping, masked with zeroes
            early.writeBytes(new byte[] {(byte) 0x89, (byte) 0x82, 0, 0, 0, 0, 'h', 'i'});
            socket.getOutputStream().write(ByteBufUtil.getBytes(early));
            InputStream in = socket.getInputStream();
            String answer = "";
            while (!answer.endsWith("hi")) {
                answer += (char) in.read();
            }
            assertThat(answer).startsWith("HTTP/1.1 101 ");
        }
    }

    /** Who has proved nothing has nothing kept for it, however large a frame it announces. */
    @Test
    void aFrameIsNotWaitedFor() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
            socket.setSoTimeout(20_000);
            OutputStream out = socket.getOutputStream();
            out.write(
                    "GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            String head = "";
            while (!head.endsWith("\r\n\r\n")) {
                head += (char) in.read();
            }
            assertThat(head)
                    .startsWith("HTTP/1.1 101 ")
                    .containsIgnoringCase("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            // binary, masked with zeroes, 60 MiB long
            out.write(
                    ByteBuffer.allocate(14)
                            .put((byte) 0x82)
                            .put((byte) 0xff)
                            .putLong(60 << 20)
                            .putInt(0)
                            .array());
            out.write(bytes(startup("alice")));
            assertThat(in.read()).isEqualTo(0x82);
        }
    }

    @Test
    void muchBothWays() throws Exception {
        Received received = new Received();
        WebSocket socket = open("/v2", received);
        send(socket, bytes(startup("alice"), new PasswordMessage("wonderland")));
        received.await(ReadyForQuery.class);
        String text = "x".repeat(8 << 20);
        send(socket, bytes(null, new Query("select length('" + text + "')")));
        assertThat(
                        received.await(DataRow.class)
                                .columns()
                                .getFirst()
                                .toString(StandardCharsets.UTF_8))
                .isEqualTo(Integer.toString(8 << 20));
        received.await(ReadyForQuery.class);
        send(
                socket,
                bytes(null, new Query("select repeat('y', 1000) from generate_series(1, 30000)")));
        assertThat(received.await(CommandComplete.class).tag()).isEqualTo("SELECT 30000");
        socket.abort();
    }
}
