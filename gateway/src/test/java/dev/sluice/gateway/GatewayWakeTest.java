package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.startup.ProtocolVersion;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.util.PSQLException;

/** Computes that sleep, fail to start, or die. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayWakeTest {
    @TempDir Path directory;

    private TestGateway gateway(TestPostgres postgres) throws IOException {
        return new TestGateway(postgres, directory);
    }

    private static int one(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select 1")) {
            rows.next();
            return rows.getInt(1);
        }
    }

    @Test
    void fiftyClientsWaitForOneWake(TestPostgres postgres) throws IOException {
        try (TestGateway gateway = gateway(postgres);
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            CompletableFuture<ComputeAddress> wake = new CompletableFuture<>();
            gateway.directory.waking = () -> wake;
            List<CompletableFuture<Integer>> answers = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                answers.add(CompletableFuture.supplyAsync(() -> connectOnce(gateway), clients));
            }
            Awaitility.await().until(() -> gateway.gateway.metrics().connectionsOpen() == 50);
            Awaitility.await().until(() -> gateway.directory.wakes.get() == 1);
            Awaitility.await().until(() -> gateway.gateway.clientsWaiting() == 50);
            wake.complete(gateway.directory.address());
            assertThat(answers.stream().mapToInt(CompletableFuture::join).sum()).isEqualTo(50);
            assertThat(gateway.directory.wakes).hasValue(1);
        }
    }

    private static int connectOnce(TestGateway gateway) {
        try (Connection connection = gateway.connect()) {
            return one(connection);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void assertRefused(TestGateway gateway, String state, String message) {
        assertThatThrownBy(gateway::connect)
                .isInstanceOfSatisfying(
                        PSQLException.class,
                        e -> {
                            assertThat(e.getSQLState()).isEqualTo(state);
                            assertThat(e.getMessage()).contains(message);
                        });
    }

    @Test
    void aWakeThatTakesTooLongIsAnErrorAndTheNextConnectAsksAgain(TestPostgres postgres)
            throws Exception {
        UnaryOperator<GatewayConfig> impatient =
                config -> config.withTimeouts(Duration.ofSeconds(10), Duration.ofMillis(300));
        try (TestGateway gateway =
                new TestGateway(
                        postgres, directory, impatient, SessionListener.NONE, Transport.best())) {
            gateway.directory.waking = CompletableFuture::new;
            assertRefused(gateway, "57P03", "did not start within");
            gateway.directory.waking =
                    () -> CompletableFuture.completedFuture(gateway.directory.address());
            try (Connection connection = gateway.connect()) {
                assertThat(one(connection)).isOne();
            }
            assertThat(gateway.gateway.metrics().wakeFailures()).isOne();
        }
    }

    @Test
    void whyAWakeFailedIsToldToTheClient(TestPostgres postgres) throws IOException {
        try (TestGateway gateway = gateway(postgres)) {
            gateway.directory.waking =
                    () ->
                            CompletableFuture.failedFuture(
                                    new RoutingException(
                                            SqlState.TOO_MANY_CONNECTIONS, "no room", "Wait."));
            assertRefused(gateway, "53300", "no room");
            gateway.directory.waking =
                    () -> {
                        throw new IllegalStateException("secret details");
                    };
            assertThatThrownBy(gateway::connect)
                    .hasMessageContaining("internal error in the gateway")
                    .hasMessageNotContaining("secret");
        }
    }

    @Test
    void aComputeThatDoesNotListenIsWokenAgainForSomeSeconds(TestPostgres postgres)
            throws Exception {
        try (TestGateway gateway = gateway(postgres)) {
            ComputeAddress nowhere = new ComputeAddress.UnixSocket(directory.resolve("nowhere"));
            gateway.directory.waking =
                    () ->
                            CompletableFuture.completedFuture(
                                    gateway.directory.wakes.get() == 1
                                            ? nowhere
                                            : gateway.directory.address());
            try (Connection connection = gateway.connect()) {
                assertThat(one(connection)).isOne();
            }
            assertThat(gateway.directory.wakes).hasValue(2);
            gateway.directory.waking = () -> CompletableFuture.completedFuture(nowhere);
            assertRefused(gateway, "57P03", "Couldn't connect to compute node");
            assertThat(gateway.directory.wakes).hasValueGreaterThan(8);
        }
    }

    @Test
    void aComputeThatDiesGivesItsClientsAnErrorAndTheNextConnectWorks() throws Exception {
        try (TestPostgres postgres = new TestPostgres();
                TestGateway gateway = gateway(postgres)) {
            for (String signal : List.of("INT", "KILL")) {
                try (Connection connection = gateway.connect();
                        Connection encrypted = gateway.connectVerified("ep-x.localhost")) {
                    assertThat(one(connection) + one(encrypted)).isEqualTo(2);
                    postgres.stop(signal);
                    Awaitility.await().until(() -> gateway.gateway.sessions().isEmpty());
                    assertGone(connection);
                    assertGone(encrypted);
                }
                postgres.start();
                try (Connection connection = gateway.connect()) {
                    assertThat(one(connection)).isOne();
                }
            }
        }
    }

    /** However it dies: a pool knows 57P01 for a connection to be replaced. */
    @Test
    void theLastWordsOfAComputeThatDiesAre57P01() throws Exception {
        try (TestPostgres postgres = new TestPostgres();
                TestGateway gateway = gateway(postgres)) {
            for (String signal : List.of("INT", "KILL")) {
                try (RawClient idle = in(gateway);
                        RawClient busy = in(gateway)) {
                    busy.send(new Query("select pg_sleep(60)"));
                    Awaitility.await()
                            .until(() ->
                                    gateway.gateway.sessions().stream()
                                            .anyMatch(session ->
                                                    session.state() == SessionInfo.State.ACTIVE));
                    postgres.stop(signal);
                    assertThat(idle.lastWords().sqlState()).as(signal).isEqualTo("57P01");
                    assertThat(busy.lastWords().sqlState()).as(signal).isEqualTo("57P01");
                    assertThat(gateway.directory.wakes).hasValue(2);
                }
                postgres.start();
                gateway.directory.wakes.set(0);
            }
        }
    }

    private static RawClient in(TestGateway gateway) throws IOException {
        RawClient client = new RawClient(gateway.port());
        client.startup(ProtocolVersion.V3_0, Map.of("user", "alice", "database", "app"));
        assertThat(client.login("wonderland").getLast()).isInstanceOf(ReadyForQuery.class);
        return client;
    }

    @Test
    void closingTheGatewayLetsWhatRunsFinish(TestPostgres postgres) throws Exception {
        TestGateway gateway = gateway(postgres);
        int port = gateway.port();
        try (RawClient idle = in(gateway);
                RawClient busy = in(gateway);
                HttpClient http = HttpClient.newHttpClient()) {
            busy.send(new Query("select pg_sleep(1.5)"));
            CompletableFuture<HttpResponse<String>> statement =
                    http.sendAsync(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/sql"))
                                    .header(
                                            "Neon-Connection-String",
                                            "postgresql://alice:wonderland@ep-x.localhost/app")
                                    .POST(
                                            HttpRequest.BodyPublishers.ofString(
                                                    "{\"query\":\"select 7 as n, pg_sleep(1.5)\"}"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            Awaitility.await()
                    .until(() ->
                            gateway.gateway.sessions().stream()
                                            .filter(session ->
                                                    session.state() == SessionInfo.State.ACTIVE)
                                            .count()
                                    == 2);
            CompletableFuture<Void> closing = CompletableFuture.runAsync(gateway::close);
            assertThat(idle.lastWords().sqlState()).isEqualTo("57P01");
            assertThatThrownBy(() -> new RawClient(port)).isInstanceOf(IOException.class);
            busy.await(ReadyForQuery.class); // the statement was not cut short
            assertThat(statement.get(20, TimeUnit.SECONDS).body()).contains("\"n\":7");
            closing.get(30, TimeUnit.SECONDS);
        } finally {
            gateway.close();
        }
    }

    private static void assertGone(Connection connection) {
        assertThatThrownBy(() -> one(connection))
                .isInstanceOfSatisfying(
                        SQLException.class,
                        e -> assertThat(e.getSQLState()).isIn("57P01", "57P02", "08006"));
    }

    @Test
    void theListenerHearsOfEverySession(TestPostgres postgres) throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        SessionListener listener =
                new SessionListener() {
                    @Override
                    public void opened(Route route, long sessionId) {
                        heard.add("opened " + route.endpointId());
                    }

                    @Override
                    public void active(Route route, long sessionId) {
                        heard.add("active");
                    }

                    @Override
                    public void closed(Route route, long sessionId) {
                        heard.add("closed");
                    }
                };
        try (TestGateway gateway =
                new TestGateway(postgres, directory, config -> config, listener, Transport.nio())) {
            try (Connection connection = gateway.connectVerified("ep-y.localhost")) {
                assertThat(one(connection)).isOne();
            }
            Awaitility.await().until(() -> heard.contains("closed"));
            assertThat(heard).containsExactly("opened ep-y", "active", "closed");
        }
    }

    @Test
    void closingTheGatewayEndsIdleSessionsWithAnErrorThatPoolsKnow(TestPostgres postgres)
            throws Exception {
        TestGateway gateway = gateway(postgres);
        try (Connection connection = gateway.connect()) {
            assertThat(one(connection)).isOne();
            gateway.close();
            assertGone(connection);
        } finally {
            gateway.close();
        }
        assertThat(gateway.gateway.metrics().connectionsOpen()).isZero();
    }
}
