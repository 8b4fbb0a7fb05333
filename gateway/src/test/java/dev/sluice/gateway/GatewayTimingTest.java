package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.backend.AuthenticationSASLContinue;
import dev.sluice.wire.frontend.PasswordMessage;
import dev.sluice.wire.frontend.SASLInitialResponse;
import dev.sluice.wire.frontend.SASLResponse;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.StartupMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whether a stranger with a clock can tell a role that does not exist from a wrong password, by
 * each way in. Attempts come in pairs, in an order that is drawn, so that whatever else the machine
 * does falls on both alike.
 *
 * <p>{@code -Dsluice.timing.pairs=N} for more (each pair takes a few milliseconds). A difference of
 * half a standard deviation shows in some hundred pairs; that the test would see one is tested with
 * one that is planted.
 */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayTimingTest {
    private static final int PAIRS = Integer.getInteger("sluice.timing.pairs", 800);

    /** One in two million runs strays so far by chance. */
    private static final double TOLERATED = 5;

    @TempDir Path directory;

    private TestGateway gateway;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        gateway = TestGateway.withoutRateLimits(postgres, directory);
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    /** How a password is shown. */
    enum Way {
        SCRAM {
            @Override
            void fail(GatewayTimingTest test, String endpoint, String role) throws IOException {
                try (RawClient client = new RawClient(test.gateway.port())) {
                    client.startup(ProtocolVersion.V3_0, startup(role, endpoint));
                    client.receive();
                    client.send(
                            new SASLInitialResponse("SCRAM-SHA-256", ascii("n,,n=,r=abcdefgh")));
                    String challenge =
                            client.await(AuthenticationSASLContinue.class)
                                    .data()
                                    .toString(StandardCharsets.US_ASCII);
                    client.send(
                            new SASLResponse(
                                    ascii(
                                            "c=biws,"
                                                    + challenge.substring(0, challenge.indexOf(','))
                                                    + ",p="
                                                    + "A".repeat(43)
                                                    + "=")));
                    assertThat(client.lastWords().sqlState()).isEqualTo("28P01");
                }
            }
        },
        WEBSOCKET {
            @Override
            void fail(GatewayTimingTest test, String endpoint, String role) throws IOException {
                try (Socket socket = test.open()) {
                    send(
                            socket,
                            String.join(
                                    "\r\n",
                                    "GET /v2 HTTP/1.1",
                                    "Host: x",
                                    "Connection: Upgrade",
                                    "Upgrade: websocket",
                                    "Sec-WebSocket-Version: 13",
                                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                                    "",
                                    ""));
                    awaitText(socket, "\r\n\r\n");
                    ByteBuf inside = Unpooled.buffer();
                    new StartupMessage(ProtocolVersion.V3_0, startup(role, endpoint))
                            .encode(inside);
                    new PasswordMessage(wrong()).encode(inside);
                    socket.getOutputStream().write(frame(ByteBufUtil.getBytes(inside)));
                    awaitText(socket, "28P01");
                }
            }
        },
        HTTP {
            @Override
            void fail(GatewayTimingTest test, String endpoint, String role) throws IOException {
                String request =
                        "POST /sql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                + "Neon-Connection-String: postgresql://%s:%s@%s.localhost/app\r\n"
                                        .formatted(role, wrong(), endpoint)
                                + "Content-Length: 20\r\n\r\n{\"query\":\"select 1\"}";
                try (Socket socket = test.open()) {
                    send(socket, request);
                    awaitText(socket, "28P01");
                }
            }
        };

        abstract void fail(GatewayTimingTest test, String endpoint, String role) throws IOException;

        /**
         * Another one each time: those that were right are remembered, those that were not never.
         */
        private static String wrong() {
            return "wrong" + System.nanoTime();
        }

        private static ByteBuf ascii(String text) {
            return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
        }

        private static Map<String, String> startup(String role, String endpoint) {
            Map<String, String> startup = new LinkedHashMap<>();
            startup.put("user", role);
            startup.put("options", "endpoint=" + endpoint);
            return startup;
        }

        private static void send(Socket socket, String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        }

        private static void awaitText(Socket socket, String text) throws IOException {
            StringBuilder seen = new StringBuilder();
            byte[] piece = new byte[4096];
            while (seen.indexOf(text) < 0) {
                int count = socket.getInputStream().read(piece);
                assertThat(count).as("answer after %s", seen).isPositive();
                seen.append(new String(piece, 0, count, StandardCharsets.ISO_8859_1));
            }
        }

        /** A masked binary frame (RFC 6455), whose mask is zero. */
        private static byte[] frame(byte[] payload) {
            assertThat(payload.length).isLessThan(126);
            return ByteBuffer.allocate(6 + payload.length)
                    .put((byte) 0x82)
                    .put((byte) (0x80 | payload.length))
                    .putInt(0)
                    .put(payload)
                    .array();
        }
    }

    private Socket open() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
        socket.setSoTimeout(20_000);
        socket.setTcpNoDelay(true);
        return socket;
    }

    private double strays(Way way, String endpoint, String role, Random random) throws IOException {
        long[] real = new long[PAIRS];
        long[] made = new long[PAIRS];
        for (int i = -50; i < PAIRS; i++) { // the first warm up
            boolean realFirst = random.nextBoolean();
            for (int turn = 0; turn < 2; turn++) {
                boolean isReal = realFirst == (turn == 0);
                long begun = System.nanoTime();
                way.fail(this, isReal ? "ep-x" : endpoint, isReal ? "alice" : role);
                long took = System.nanoTime() - begun;
                if (i >= 0) {
                    (isReal ? real : made)[i] = took;
                }
            }
        }
        return RankSum.strays(real, made);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void nobodyCanTellByTheClock(Way way) throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        assertThat(strays(way, "ep-x", "nobody", random))
                .as("role that does not exist, seed %d", seed)
                .isLessThan(TOLERATED);
    }

    /**
     * The test of the test: half a millisecond more for roles that do not exist, or, where what the
     * directory said is remembered, a password that takes twice as long to check.
     */
    @ParameterizedTest
    @EnumSource(Way.class)
    void aDifferenceWouldBeSeen(Way way, TestPostgres postgres) throws IOException {
        gateway.directory.verifiers =
                role -> {
                    if (!role.equals("nobody")) {
                        return postgres.verifier(role);
                    }
                    if (way == Way.HTTP) {
                        return postgres.verifier("alice")
                                .map(text -> text.replace("$4096:", "$8192:"));
                    }
                    LockSupport.parkNanos(500_000);
                    return Optional.empty();
                };
        assertThat(strays(way, "ep-x", "nobody", new Random(1))).isGreaterThan(TOLERATED);
    }
}
