package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.DataRow;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.frontend.Query;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** How many of what a pool lets there be, and for how long. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
@Timeout(60)
class GatewayPoolLimitsTest {
    @TempDir Path directory;

    private final List<PooledGateway> gateways = new ArrayList<>();

    @AfterEach
    void stop() {
        gateways.forEach(PooledGateway::close);
    }

    private PooledGateway gateway(TestPostgres postgres, Consumer<PooledGateway.Wanted> choose)
            throws IOException {
        PooledGateway gateway =
                new PooledGateway(postgres, directory, PooledGateway.settings(choose));
        gateways.add(gateway);
        return gateway;
    }

    private static String query(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
            assertThat((Object) statement.getWarnings()).isNull();
            return rows.getString(1);
        }
    }

    private static void isRefused(ThrowingCallable what, String... words) {
        assertThatThrownBy(what)
                .hasMessageContainingAll(words)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("53300"));
    }

    @Test
    void whoTriesAgainAfterAComputeThatDidNotStartIsServed(TestPostgres postgres) throws Exception {
        PooledGateway pooled = gateway(postgres, wanted -> wanted.size = 2);
        ScriptedDirectory directory = pooled.gateway.directory;
        try (Connection one = pooled.connect("socketTimeout", "20");
                Connection other = pooled.connect("socketTimeout", "20");
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            pooled.gateway.gateway.park("ep-x", true).toCompletableFuture().join();
            Awaitility.await().until(() -> pooled.servers() == 0);
            CompletableFuture<ComputeAddress> start = new CompletableFuture<>();
            directory.waking = () -> start;
            List<Future<String>> failing =
                    List.of(
                            threads.submit(() -> query(one, "select 1")),
                            threads.submit(() -> query(other, "select 1")));
            Awaitility.await().until(() -> pooled.servers() == 2);
            directory.waking = () -> CompletableFuture.completedFuture(directory.address());
            start.completeExceptionally(
                    new RoutingException(
                            SqlState.CANNOT_CONNECT_NOW, "it does not start", "Try again."));
            assertThat(failing)
                    .allSatisfy(query ->
                            assertThatThrownBy(query::get)
                                    .hasMessageContaining("it does not start"));
            assertThat(query(one, "select 2")).isEqualTo("2");
        }
    }

    @Test
    void whoseBranchIsGoneIsEnded(TestPostgres postgres) throws Exception {
        PooledGateway pooled = gateway(postgres, wanted -> wanted.size = 2);
        try (Connection client = pooled.connect("socketTimeout", "20")) {
            pooled.gateway.gateway.park("ep-x", true).toCompletableFuture().join();
            Awaitility.await().until(() -> pooled.servers() == 0);
            pooled.gateway.directory.waking =
                    () -> CompletableFuture.failedFuture(RoutingException.noSuchEndpoint());
            assertThatThrownBy(() -> query(client, "select 1"))
                    .isInstanceOfSatisfying(
                            PSQLException.class,
                            e -> {
                                assertThat(e.getSQLState()).isEqualTo("3D000");
                                assertThat(e.getServerErrorMessage())
                                        .isNotNull()
                                        .extracting(ServerErrorMessage::getSeverity)
                                        .isEqualTo("FATAL");
                            });
            assertThatThrownBy(() -> query(client, "select 2"))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).startsWith("08"));
        }
    }

    /** Pools of an endpoint for one role, for one database, or for any, that may have one more. */
    @ParameterizedTest
    @CsvSource({
        "perEndpoint, ep-x, käthe, postgres, ep-y, alice, app",
        "perDatabase, ep-x, käthe, app,      ep-x, alice, postgres",
        "perRole,     ep-x, alice, postgres, ep-x, käthe, app"
    })
    void whatALimitLeavesNothingForWaitsAndIsRefused(
            String limit,
            String endpoint,
            String role,
            String database,
            String otherEndpoint,
            String otherRole,
            String otherDatabase,
            TestPostgres postgres)
            throws Exception {
        Consumer<PooledGateway.Wanted> one =
                wanted -> {
                    switch (limit) {
                        case "perEndpoint" -> wanted.perEndpoint = 1;
                        case "perDatabase" -> wanted.perDatabase = 1;
                        default -> wanted.perRole = 1;
                    }
                };
        PooledGateway pooled = gateway(postgres, one);
        try (Connection there = pooled.connect(endpoint, role, database);
                Connection holder = pooled.connect("ep-x", "alice", "app")) {
            holder.setAutoCommit(false);
            query(holder, "select 1");
            pooled.gateway.gateway.change(
                    PooledGateway.settings(
                            one.andThen(wanted -> wanted.patience = Duration.ofMillis(100))));
            isRefused(() -> query(there, "select 2"), "became free within 100 ms");
            pooled.gateway.gateway.change(PooledGateway.settings(one));
            try (Connection other = pooled.connect(otherEndpoint, otherRole, otherDatabase)) {
                assertThat(query(other, "select 3")).isEqualTo("3");
            }
            holder.commit();
            // the other pool gives up what it does not use
            assertThat(query(there, "select 4")).isEqualTo("4");
            assertThat(query(holder, "select 5")).isEqualTo("5");
            holder.commit();
        }
    }

    /** One that waits gets the connection that another pool of the endpoint gives up. */
    @Test
    void poolsOfAnEndpointTakeTurns(TestPostgres postgres) throws Exception {
        PooledGateway pooled = gateway(postgres, wanted -> wanted.perEndpoint = 1);
        try (Connection alice = pooled.connect("ep-x", "alice", "app");
                Connection kaethe = pooled.connect("ep-x", "käthe", "app")) {
            for (int i = 0; i < 3; i++) {
                alice.setAutoCommit(false);
                query(alice, "select 1");
                CompletableFuture<String> waiting =
                        CompletableFuture.supplyAsync(() -> {
                            try {
                                return query(kaethe, "select current_user");
                            } catch (SQLException e) {
                                return e.getSQLState();
                            }
                        });
                awaitWaiting(pooled, 1);
                alice.commit();
                assertThat(waiting.join()).isEqualTo("käthe");
                alice.setAutoCommit(true);
                assertThat(query(alice, "select current_user")).isEqualTo("alice");
            }
        }
    }

    /** A pool that is never without clients that wait keeps nothing for itself alone. */
    @Test
    void aPoolInWhichClientsAlwaysWaitLeavesOthersTheirTurn(TestPostgres postgres)
            throws Exception {
        PooledGateway pooled = gateway(postgres, wanted -> wanted.perEndpoint = 1);
        AtomicBoolean over = new AtomicBoolean();
        try (Connection one = pooled.connect("ep-x", "alice", "app");
                Connection other = pooled.connect("ep-x", "alice", "app");
                Connection kaethe = pooled.connect("ep-x", "käthe", "app");
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Void>> busy =
                    Stream.of(one, other)
                            .map(each ->
                                    CompletableFuture.runAsync(() -> keepBusy(each, over), threads))
                            .toList();
            try {
                awaitWaiting(pooled, 1);
                for (int i = 0; i < 3; i++) {
                    assertThat(query(kaethe, "select current_user")).isEqualTo("käthe");
                }
            } finally {
                over.set(true);
            }
            busy.forEach(CompletableFuture::join);
        }
    }

    private static void keepBusy(Connection client, AtomicBoolean over) {
        try {
            while (!over.get()) {
                query(client, "select pg_sleep(0.01)");
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void awaitWaiting(PooledGateway pooled, int clients) {
        Awaitility.await()
                .until(() ->
                        pooled.gateway.gateway.pools().toCompletableFuture().join().stream()
                                        .mapToInt(pool -> pool.waiting())
                                        .sum()
                                == clients);
    }

    @Test
    void moreClientsThanAPoolMayHaveAreRefused(TestPostgres postgres) throws Exception {
        PooledGateway pooled = gateway(postgres, wanted -> wanted.maxClients = 2);
        try (Connection one = pooled.connect();
                Connection other = pooled.connect()) {
            isRefused(() -> pooled.connect().close(), "pool.max_clients is 2");
            try (Connection elsewhere = pooled.connect("ep-x", "käthe", "app")) {
                assertThat(query(elsewhere, "select 1")).isEqualTo("1");
            }
            assertThat(query(one, "select 1") + query(other, "select 2")).isEqualTo("12");
        }
        Awaitility.await().until(() -> pooled.gateway.gateway.sessions().isEmpty());
        try (Connection again = pooled.connect()) {
            assertThat(query(again, "select 1")).isEqualTo("1");
        }
    }

    @Test
    void moreClientsThanAnEndpointMayHaveAreRefused(TestPostgres postgres) throws Exception {
        PooledGateway pooled = gateway(postgres, wanted -> wanted.maxClientsPerEndpoint = 2);
        try (Connection one = pooled.connect("ep-x", "alice", "app");
                Connection other = pooled.connect("ep-x", "käthe", "postgres")) {
            isRefused(
                    () -> pooled.connect("ep-x", "alice", "postgres").close(),
                    "pool.max_clients_per_endpoint is 2");
            try (Connection elsewhere = pooled.connect("ep-y", "alice", "app")) {
                assertThat(query(elsewhere, "select 1")).isEqualTo("1");
            }
            assertThat(query(one, "select 1") + query(other, "select 2")).isEqualTo("12");
        }
    }

    @Test
    void aServerConnectionThatIsTooOldIsReplacedWhenNobodyHasIt(TestPostgres postgres)
            throws Exception {
        PooledGateway pooled =
                gateway(postgres, wanted -> wanted.lifetime = Duration.ofMillis(300));
        try (Connection client = pooled.connect()) {
            client.setAutoCommit(false);
            String server = query(client, "select pg_backend_pid()");
            Awaitility.await()
                    .until(() ->
                            query(
                                            client,
                                            "select clock_timestamp() - backend_start > '600 ms'"
                                                    + " from pg_stat_activity where pid ="
                                                    + " pg_backend_pid()")
                                    .equals("t"));
            assertThat(query(client, "select pg_backend_pid()"))
                    .as("in its transaction")
                    .isEqualTo(server);
            client.commit();
            String next = query(client, "select pg_backend_pid()");
            assertThat(next).as("after it").isNotEqualTo(server);
            client.commit();
            Awaitility.await("an idle one to be closed").until(() -> pooled.servers() == 0);
            assertThat(query(client, "select pg_backend_pid()")).isNotIn(server, next);
            client.commit();
        }
    }

    @Test
    void oneThatWasIdleAndGivesNoSignOfLifeIsNobodys(TestPostgres postgres) throws Exception {
        PooledGateway pooled = gateway(postgres, wanted -> wanted.check = Duration.ofNanos(1));
        try (Connection client = pooled.connect()) {
            String server = query(client, "select pg_backend_pid()");
            signal("STOP", server);
            try {
                assertThat(query(client, "select pg_backend_pid()")).isNotEqualTo(server);
            } finally {
                signal("CONT", server);
            }
        }
    }

    private static void signal(String name, String pid) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, pid).start().waitFor()).isZero();
    }

    /** Who sends much at once does not have the server connection until all is done. */
    @Test
    void aClientThatDoesNotWaitForAnswersLeavesOthersTheirTurn(TestPostgres postgres)
            throws Exception {
        PooledGateway pooled = gateway(postgres, wanted -> wanted.size = 1);
        try (RawClient greedy = pooled.raw();
                Connection other = pooled.connect()) {
            greedy.query("create sequence turns");
            int queries = 1000;
            ByteBuf all = Unpooled.buffer();
            for (int i = 0; i < queries; i++) {
                new Query("select nextval('turns'), pg_sleep(0.002)").encode(all);
            }
            greedy.send(ByteBufUtil.getBytes(all));
            greedy.await(ReadyForQuery.class);
            assertThat(Integer.parseInt(query(other, "select nextval('turns')")))
                    .isLessThan(queries / 2);
            for (int i = 1; i < queries; i++) {
                greedy.await(ReadyForQuery.class);
            }
            greedy.query("drop sequence turns");
        }
    }

    /** What is not sent on before answers have come is held, up to a bound, and comes in order. */
    @Test
    void moreThanIsHeldOfAClientThatDoesNotWaitForAnswersIsAnswered(TestPostgres postgres)
            throws Exception {
        PooledGateway pooled = gateway(postgres, wanted -> wanted.size = 1);
        try (RawClient client = pooled.raw();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            int queries = 5000;
            ByteBuf all = Unpooled.buffer();
            for (int i = 0; i < queries; i++) {
                String sql = i == 1000 ? "begin" : i == 4000 ? "commit" : "select " + i;
                new Query(sql + " ".repeat(100)).encode(all);
            }
            CompletableFuture<Void> sent =
                    CompletableFuture.runAsync(
                            () -> {
                                try {
                                    client.send(ByteBufUtil.getBytes(all));
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            },
                            threads);
            for (int i = 0; i < queries; i++) {
                if (i != 1000 && i != 4000) {
                    ByteBuf value = client.await(DataRow.class).columns().getFirst();
                    assertThat(value).isNotNull();
                    assertThat(value.toString(StandardCharsets.US_ASCII)).isEqualTo("" + i);
                }
                client.await(ReadyForQuery.class);
            }
            sent.join();
        }
    }
}
