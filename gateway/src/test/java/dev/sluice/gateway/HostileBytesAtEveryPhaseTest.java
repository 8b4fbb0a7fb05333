package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.frontend.SASLInitialResponse;
import dev.sluice.wire.scram.ScramException;
import dev.sluice.wire.scram.ScramVerifier;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.SSLRequest;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random and half-right bytes at every phase of a connection, a connection for each, from clients
 * and from a compute: nothing crashes, leaks or is left hanging, and the next client is served.
 *
 * <p>The suite runs a sample. By hand: {@code -Dsluice.hostile.connections=N}, and {@code
 * -Dsluice.hostile.seed=N} for the same again; connection {@code i} goes by seed + i.
 */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class HostileBytesAtEveryPhaseTest {
    private static final int CONNECTIONS = Integer.getInteger("sluice.hostile.connections", 3000);
    private static final int AT_ONCE = 8;
    private static final Map<String, String> ALICE = Map.of("user", "alice", "database", "app");
    private static final String PASSWORD = "wonderland";

    @TempDir Path directory;

    private final long seed = Long.getLong("sluice.hostile.seed", System.nanoTime());

    private TestGateway gateway(TestPostgres postgres) throws IOException {
        return TestGateway.withoutRateLimits(postgres, directory);
    }

    /** One connection's worth. */
    private interface Attempt {
        void run(Random random) throws IOException;
    }

    private void each(Attempt attempt) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> lanes = new ArrayList<>();
            for (int lane = 0; lane < AT_ONCE; lane++) {
                int first = lane;
                lanes.add(
                        threads.submit(() -> {
                            for (int i = first; i < CONNECTIONS; i += AT_ONCE) {
                                one(attempt, seed + i);
                            }
                        }));
            }
            for (Future<?> lane : lanes) {
                lane.get();
            }
        }
    }

    private static void one(Attempt attempt, long seed) {
        try {
            attempt.run(new Random(seed));
        } catch (SocketTimeoutException e) {
            throw new AssertionError("left hanging: seed " + seed, e);
        } catch (IOException | WireFormatException | ScramException e) {
            // the connection was closed, or what the impostor said came through
        }
    }

    private static void assertServes(TestGateway gateway, long seed) throws Exception {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> gateway.gateway.metrics().connectionsOpen() == 0);
        assertThat(gateway.gateway.sessions()).as("after seed %d", seed).isEmpty();
        try (Connection connection = gateway.connect()) {
            assertThat(connection.isValid(5)).as("after seed %d", seed).isTrue();
        }
    }

    @Test
    void fromClients(TestPostgres postgres) throws Exception {
        try (TestGateway gateway = gateway(postgres)) {
            each(random -> provoke(gateway, random));
            assertServes(gateway, seed);
        }
    }

    private static void provoke(TestGateway gateway, Random random) throws IOException {
        Noise noise = new Noise(random);
        try (RawClient client = new RawClient(gateway.port())) {
            int phase = random.nextInt(16);
            switch (phase) {
                case 0 -> client.send(noise.startup());
                case 1 -> {
                    client.send(new SSLRequest());
                    client.readByte();
                }
                case 2, 3, 4 -> {
                    client.startup(ProtocolVersion.V3_0, ALICE);
                    client.receive();
                }
                case 5, 6, 7 -> {
                    client.startup(ProtocolVersion.V3_2, ALICE);
                    client.receive();
                    client.send(
                            new SASLInitialResponse(
                                    "SCRAM-SHA-256",
                                    Unpooled.copiedBuffer("n,,n=,r=x", StandardCharsets.US_ASCII)));
                    client.receive();
                }
                case 8 -> {
                    client.startup(ProtocolVersion.V3_0, ALICE);
                    client.login(PASSWORD);
                }
                case 9 -> client.send("POST /sql HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
                case 10 -> client.send((byte) 0x16, (byte) 3, (byte) 1);
                default -> {
                    // from the first byte on
                }
            }
            byte[] bytes = random.nextInt(3) == 0 ? noise.startup() : noise.fromAClient();
            int cut = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
            client.send(java.util.Arrays.copyOf(bytes, cut));
            client.send(java.util.Arrays.copyOfRange(bytes, cut, bytes.length));
            client.shutdownOutput();
            BackendMessage answer = client.receive();
            while (answer != null) {
                answer = client.receive();
            }
        }
    }

    @Test
    void fromAComputeToClients(TestPostgres postgres) throws Exception {
        ScramVerifier verifier = ScramVerifier.parse(postgres.verifier("alice").orElseThrow());
        try (TestGateway gateway = gateway(postgres);
                ImpostorPostgres impostor = new ImpostorPostgres(verifier, seed)) {
            gateway.directory.waking = () -> CompletableFuture.completedFuture(impostor.address());
            each(random -> askTheImpostor(gateway, random));
            assertThat(impostor.connections.get()).isGreaterThanOrEqualTo(CONNECTIONS);
            gateway.directory.waking =
                    () -> CompletableFuture.completedFuture(gateway.directory.address());
            assertServes(gateway, seed);
        }
    }

    private static void askTheImpostor(TestGateway gateway, Random random) throws IOException {
        try (RawClient client = new RawClient(gateway.port())) {
            client.startup(
                    random.nextBoolean() ? ProtocolVersion.V3_0 : ProtocolVersion.V3_2, ALICE);
            List<BackendMessage> login = client.login(PASSWORD);
            if (login.getLast() instanceof ErrorResponse) {
                return;
            }
            client.send(new Query("select 1"));
            client.shutdownOutput();
            while (client.receive() != null) {
                // until it closes
            }
        }
    }

    @Test
    void fromAComputeToRequests(TestPostgres postgres) throws Exception {
        ScramVerifier verifier = ScramVerifier.parse(postgres.verifier("alice").orElseThrow());
        try (TestGateway gateway = gateway(postgres);
                ImpostorPostgres impostor = new ImpostorPostgres(verifier, seed)) {
            gateway.directory.waking = () -> CompletableFuture.completedFuture(impostor.address());
            each(_ -> request(gateway));
            gateway.directory.waking =
                    () -> CompletableFuture.completedFuture(gateway.directory.address());
            assertServes(gateway, seed);
        }
    }

    private static void request(TestGateway gateway) throws IOException {
        try (RawClient client = new RawClient(gateway.port())) {
            client.send(
                    String.join(
                                    "\r\n",
                                    "POST /sql HTTP/1.1",
                                    "Host: x",
                                    "Connection: close",
                                    "Neon-Connection-String:"
                                            + " postgresql://alice:wonderland@ep-x.localhost/app",
                                    "Content-Length: 20",
                                    "",
                                    "{\"query\":\"select 1\"}")
                            .getBytes(StandardCharsets.US_ASCII));
            StringBuilder answer = new StringBuilder();
            for (int read = client.readByte(); read >= 0; read = client.readByte()) {
                answer.append((char) read);
            }
            // Whatever the compute says, it is not the gateway that is wrong.
            assertThat(answer).startsWith("HTTP/1.1 ").doesNotContain("internal error");
        }
    }
}
