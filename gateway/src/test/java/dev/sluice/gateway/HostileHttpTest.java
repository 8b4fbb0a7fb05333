package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.transport.Transport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP clients that mean no good, or cannot write HTTP. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class HostileHttpTest {
    private static final String ALICE =
            "Neon-Connection-String: postgresql://alice:wonderland@ep-x.localhost/app\r\n";

    @TempDir Path directory;

    private TestGateway gateway;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        gateway =
                new TestGateway(
                        postgres,
                        directory,
                        config ->
                                config.withTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(20))
                                        .withHttp(
                                                config.http()
                                                        .orElseThrow()
                                                        .withTimeouts(
                                                                Duration.ofSeconds(1),
                                                                Duration.ofSeconds(1))),
                        SessionListener.NONE,
                        Transport.best());
    }

    @AfterEach
    void stop() {
        Awaitility.await().until(() -> gateway.gateway.metrics().connectionsOpen() == 0);
        gateway.close();
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** All that comes until the gateway closes. */
    private static String rest(Socket socket) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            InputStream in = socket.getInputStream();
            byte[] piece = new byte[8192];
            for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
                bytes.write(piece, 0, count);
            }
        } catch (java.net.SocketException e) {
            // Closed with bytes of ours unread.
            bytes.write('\n');
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private String exchange(String request) throws IOException {
        try (Socket socket = connect()) {
            send(socket, request);
            return rest(socket);
        }
    }

    private void answers() throws IOException {
        String body = "{\"query\":\"select 7 * 6 as n\"}";
        assertThat(
                        exchange(
                                "POST /sql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                        + ALICE
                                        + "Content-Type: image/png\r\nContent-Length: "
                                        + body.length()
                                        + "\r\n\r\n"
                                        + body))
                .startsWith("HTTP/1.1 200 OK")
                .contains("[{\"n\":42}]");
    }

    @Test
    void aHeadThatIsTooLarge() throws IOException {
        assertThat(exchange("GET /" + "x".repeat(8000) + " HTTP/1.1\r\nHost: x\r\n\r\n"))
                .contains(" 414 ");
        assertThat(exchange("GET / HTTP/1.1\r\nHost: x\r\nA: " + "x".repeat(60_000) + "\r\n\r\n"))
                .contains(" 431 ");
        assertThat(exchange("GET / HTTP/1.1\r\nHost: x\r\n" + "A: b\r\n".repeat(10_000) + "\r\n"))
                .contains(" 431 ");
        answers();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET\r\n\r\n",
                "GARBAGE\u0000\u0001\u0002\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff",
                "POST /sql HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
                "POST /sql HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                "POST /sql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                "GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                "A"
            })
    void whatIsNoHttpIsClosedSoon(String text) throws IOException {
        exchange(text);
        answers();
    }

    @Test
    void aHeadThatComesByteByByteIsNotWaitedForForever() throws Exception {
        try (Socket socket = connect()) {
            send(socket, "GET /healthz HTTP/1.1\r\nHost: x\r\n");
            long begun = System.nanoTime();
            Awaitility.await()
                    .pollInterval(Duration.ofMillis(200))
                    .atMost(Duration.ofSeconds(15))
                    .until(() -> !drips(socket));
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isGreaterThan(Duration.ofMillis(800));
        }
        answers();
    }

    @Test
    void aConnectionWithoutRequestsIsClosed() throws IOException {
        try (Socket socket = connect()) {
            send(socket, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost:");
            assertThat(rest(socket)).startsWith("HTTP/1.1 200 OK").contains("ok\n");
        }
    }

    private static boolean drips(Socket socket) {
        try {
            send(socket, "X: y\r\n");
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void aClientThatNeverReadsItsAnswerIsCutOff() throws IOException {
        try (Socket socket = connect()) {
            String body = "{\"query\":\"select repeat('x', 100000) from generate_series(1, 500)\"}";
            send(
                    socket,
                    "POST /sql HTTP/1.1\r\nHost: x\r\n"
                            + ALICE
                            + "Content-Length: "
                            + body.length()
                            + "\r\n\r\n"
                            + body);
            Awaitility.await().until(() -> gateway.gateway.metrics().connectionsOpen() == 0);
        }
    }

    @Test
    void aBodyThatDoesNotCome() throws IOException {
        assertThat(
                        exchange(
                                "POST /sql HTTP/1.1\r\nHost: x\r\n"
                                        + ALICE
                                        + "Content-Length: 100\r\n\r\n{\"query\":"))
                .startsWith("HTTP/1.1 408");
        answers();
    }

    @Test
    void aBodyIsNotReadBeforeItsSenderIsKnown() throws IOException {
        String head =
                "POST /sql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        + ALICE.replace("wonderland", "wrong")
                        + "Content-Length: 50000000\r\n\r\n";
        assertThat(exchange(head)).startsWith("HTTP/1.1 400").contains("28P01");
        assertThat(gateway.directory.wakes).hasValue(0);
    }

    @Test
    void framesThatAreNoWebSocketsFrames() throws IOException {
        Random random = new Random(42);
        for (int i = 0; i < 50; i++) {
            byte[] noise = new byte[200];
            random.nextBytes(noise);
            try (Socket socket = connect()) {
                send(
                        socket,
                        "GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
                socket.getOutputStream().write(noise);
            }
        }
        answers();
    }

    @Test
    void noiseAfterTheFirstLetter() throws IOException {
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            byte[] noise = new byte[1 + random.nextInt(300)];
            random.nextBytes(noise);
            noise[0] = (byte) ('A' + random.nextInt(26));
            try (Socket socket = connect()) {
                socket.getOutputStream().write(noise);
            }
        }
        answers();
    }
}
