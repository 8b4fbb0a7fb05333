package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.gateway.cancel.CancelPeers;
import dev.sluice.gateway.cancel.FleetSecret;
import dev.sluice.gateway.cancel.GatewayNumber;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.startup.CancelKey;
import dev.sluice.wire.startup.CancelRequest;
import dev.sluice.wire.startup.ProtocolVersion;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two gateways behind one name: a cancel request reaches the one that does not have the session.
 */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayFleetTest {
    private static final FleetSecret SECRET = FleetSecret.of("known to both of the gateways alone");

    @TempDir Path directory;

    private TestGateway first;
    private TestGateway second;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        first = new TestGateway(postgres, Files.createDirectory(directory.resolve("1")));
        second = new TestGateway(postgres, Files.createDirectory(directory.resolve("2")));
        join(first, 1, SECRET, Map.of(2, second.gateway.address()));
        join(second, 2, SECRET, Map.of(1, first.gateway.address()));
    }

    private static void join(
            TestGateway gateway,
            int number,
            FleetSecret secret,
            Map<Integer, InetSocketAddress> others)
            throws IOException {
        gateway.gateway.change(
                gateway.rules().withCancelPeers(new CancelPeers(number, secret, others)));
    }

    @AfterEach
    void stop() {
        first.close();
        second.close();
    }

    /** Takes the first connection to the first gateway, and every later one to the second. */
    private final class Balancer implements AutoCloseable {
        private final ServerSocket listener;
        private final AtomicInteger connections = new AtomicInteger();

        Balancer() throws IOException {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            Thread.ofVirtual().start(this::accept);
        }

        private void accept() {
            try {
                while (true) {
                    Socket client = listener.accept();
                    TestGateway to = connections.getAndIncrement() == 0 ? first : second;
                    Socket gateway = new Socket(InetAddress.getLoopbackAddress(), to.port());
                    Thread.ofVirtual().start(() -> pump(client, gateway));
                    Thread.ofVirtual().start(() -> pump(gateway, client));
                }
            } catch (IOException e) {
                assertThat(listener.isClosed()).isTrue();
            }
        }

        private static void pump(Socket from, Socket to) {
            try (from;
                    to) {
                from.getInputStream().transferTo(to.getOutputStream());
            } catch (IOException e) {
                // the other pump has closed them
            }
        }

        int port() {
            return listener.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    private void awaitActive() {
        Awaitility.await()
                .until(() ->
                        first.gateway.sessions().stream()
                                .anyMatch(session -> session.state() == SessionInfo.State.ACTIVE));
    }

    private void assertForwardedOnce() {
        assertThat(second.gateway.metrics().cancelsForwarded()).isOne();
        assertThat(second.gateway.metrics().cancelRequests()).isZero();
        assertThat(first.gateway.metrics().cancelRequests()).isOne();
        assertThat(first.gateway.metrics().cancelsForwarded()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"3.0", "3.2"})
    void pgjdbcCancels(String protocol) throws Exception {
        Properties properties = TestGateway.login("alice");
        properties.setProperty("protocolVersion", protocol);
        try (Balancer balancer = new Balancer();
                Connection connection =
                        DriverManager.getConnection(
                                "jdbc:postgresql://127.0.0.1:"
                                        + balancer.port()
                                        + "/app?sslmode=disable",
                                properties);
                Statement statement = connection.createStatement()) {
            CompletableFuture<Object> failure =
                    CompletableFuture.supplyAsync(() -> {
                        try {
                            return statement.execute("select pg_sleep(60)");
                        } catch (SQLException e) {
                            return e.getSQLState();
                        }
                    });
            awaitActive();
            statement.cancel();
            assertThat(failure.get(20, TimeUnit.SECONDS)).isEqualTo("57014");
            assertThat(connection.isValid(5)).isTrue();
        }
        assertForwardedOnce();
    }

    @Test
    void psqlCancelsOnControlC() throws Exception {
        Path psql = Path.of("/usr/bin/psql");
        assumeTrue(Files.isExecutable(psql), "no psql here");
        try (Balancer balancer = new Balancer()) {
            Process process =
                    new ProcessBuilder(
                                    psql.toString(),
                                    "-X",
                                    "-A",
                                    "-t",
                                    "postgresql://alice:wonderland@127.0.0.1:%d/app?sslmode=require"
                                            .formatted(balancer.port()),
                                    "-c",
                                    "select pg_sleep(60)")
                            .redirectErrorStream(true)
                            .start();
            awaitActive();
            assertThat(
                            new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                                    .start()
                                    .waitFor())
                    .isZero();
            try (InputStream output = process.getInputStream()) {
                assertThat(new String(output.readAllBytes(), StandardCharsets.UTF_8))
                        .contains("canceling statement due to user request");
            }
        }
        assertForwardedOnce();
    }

    private static BackendKeyData key(List<BackendMessage> messages) {
        return messages.stream()
                .filter(BackendKeyData.class::isInstance)
                .map(BackendKeyData.class::cast)
                .findFirst()
                .orElseThrow();
    }

    private static void cancel(TestGateway at, CancelRequest request) throws IOException {
        try (RawClient canceller = new RawClient(at.port())) {
            canceller.send(request);
            assertThat(canceller.readByte()).isEqualTo(-1);
        }
    }

    @Test
    void keysTellTheirGatewayAndNothingElseDoes() throws IOException {
        for (ProtocolVersion version : List.of(ProtocolVersion.V3_0, ProtocolVersion.V3_2)) {
            try (RawClient client = new RawClient(second.port())) {
                client.startup(version, Map.of("user", "alice", "database", "app"));
                BackendKeyData key = key(client.login("wonderland"));
                assertThat(GatewayNumber.of(key.processId())).isEqualTo(2);
                assertThat(key.processId()).isPositive();
                assertThat(key.key().toString())
                        .contains(version.equals(ProtocolVersion.V3_0) ? "4 bytes" : "32 bytes");
            }
        }
    }

    /** One that is wrong, or of nobody, goes to one gateway at most, and no further. */
    @Test
    void nothingGoesRoundAndNothingIsAmplified() throws IOException {
        CancelKey wrong = CancelKey.of(new byte[32]);
        cancel(second, new CancelRequest(GatewayNumber.processId(1, 5), wrong));
        assertThat(second.gateway.metrics().cancelsForwarded()).isOne();
        cancel(second, new CancelRequest(GatewayNumber.processId(2, 5), wrong)); // its own
        cancel(second, new CancelRequest(GatewayNumber.processId(77, 5), wrong)); // nobody's
        cancel(second, new CancelRequest(GatewayNumber.processId(0, 5), wrong));
        cancel(second, new CancelRequest(-1, wrong));
        assertThat(second.gateway.metrics().cancelsForwarded()).isOne();
        // The first believes that 1 is itself, so it does not send on what the second sent.
        join(first, 3, SECRET, Map.of(1, second.gateway.address()));
        cancel(second, new CancelRequest(GatewayNumber.processId(1, 6), wrong));
        assertThat(second.gateway.metrics().cancelsForwarded()).isEqualTo(2);
        assertThat(first.gateway.metrics().cancelsForwarded()).isZero();
        assertThat(first.gateway.metrics().cancelRequests()).isZero();
    }

    @Test
    void whatAnotherFleetForwardsIsNotBelieved() throws Exception {
        join(second, 2, FleetSecret.of("x".repeat(32)), Map.of(1, first.gateway.address()));
        try (RawClient client = new RawClient(first.port())) {
            client.startup(ProtocolVersion.V3_0, Map.of("user", "alice", "database", "app"));
            BackendKeyData key = key(client.login("wonderland"));
            client.send(new Query("select pg_sleep(60)"));
            awaitActive();
            cancel(second, new CancelRequest(key.processId(), key.key()));
            assertThat(second.gateway.metrics().cancelsForwarded()).isOne();
            assertThat(first.gateway.metrics().cancelRequests()).isZero();
            cancel(first, new CancelRequest(key.processId(), key.key()));
            BackendMessage answer = client.receive();
            while (!(answer instanceof ErrorResponse)) {
                assertThat(answer).isNotNull();
                answer = client.receive();
            }
            client.await(ReadyForQuery.class);
        }
    }

    @Test
    void anUnreachableGatewayDoesNotKeepTheClient() throws IOException {
        InetSocketAddress gone;
        try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            gone = (InetSocketAddress) nobody.getLocalSocketAddress();
        }
        join(second, 2, SECRET, Map.of(1, gone));
        cancel(second, new CancelRequest(GatewayNumber.processId(1, 5), CancelKey.of(new byte[4])));
        assertThat(second.gateway.metrics().cancelsForwarded()).isOne();
    }
}
