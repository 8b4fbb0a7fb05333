package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.door.RateLimit;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.startup.ProtocolVersion;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Who sits in the gateway, and who is slow, costs little and bounded memory: heap and buffers. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayMemoryTest {
    private static final Map<String, String> ALICE = Map.of("user", "alice", "database", "app");
    private static final int STRANGERS = 10_000;
    private static final int BYTES_EACH = 10 << 10;
    private static final long SLOW_CLIENT_BYTES = 4 << 20;

    /** More than the kernel keeps in the buffers of two sockets, and the gateway between them. */
    private static final long ON_THE_WAY = 24 << 20;

    @TempDir Path directory;

    /** What is reachable on the heap, and what the buffers' allocator holds outside of it. */
    private static long held() {
        System.gc();
        System.gc();
        long direct =
                ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT)
                        .metric()
                        .usedDirectMemory();
        return direct + ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private TestGateway gateway(TestPostgres postgres) throws IOException {
        RateLimit any = new RateLimit(1e6, 1_000_000);
        return new TestGateway(
                postgres,
                directory,
                config ->
                        config.withRules(config.rules().withLimits(any, any))
                                .withTimeouts(Duration.ofMinutes(10), Duration.ofMinutes(1)),
                SessionListener.NONE,
                Transport.best());
    }

    @Test
    void tenThousandStrangersHoldAFewKilobytesEach(TestPostgres postgres) throws Exception {
        try (TestGateway gateway = gateway(postgres)) {
            seated(gateway, 40).destroy();
            Awaitility.await().until(() -> gateway.gateway.metrics().connectionsOpen() == 0);
            long before = held();
            Process strangers = seated(gateway, STRANGERS);
            try {
                Awaitility.await()
                        .untilAsserted(() ->
                                assertThat(gateway.gateway.metrics().connectionsOpen())
                                        .isEqualTo(STRANGERS));
                assertThat((held() - before) / STRANGERS).isLessThan(BYTES_EACH);
                assertThat(gateway.directory.wakes.get()).isZero();
            } finally {
                strangers.destroy();
            }
            Awaitility.await().until(() -> gateway.gateway.metrics().connectionsOpen() == 0);
            try (Connection connection = gateway.connect()) {
                assertThat(connection.isValid(10)).isTrue();
            }
        }
    }

    /** In a process of their own: two descriptors for each would be too many for one. */
    private static Process seated(TestGateway gateway, int count) throws IOException {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-Xmx1g",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Strangers.class.getName(),
                                Integer.toString(gateway.port()),
                                Integer.toString(count))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        BufferedReader out = process.inputReader(StandardCharsets.US_ASCII);
        assertThat(out.readLine()).isEqualTo("seated");
        return process;
    }

    @Test
    void aClientThatDoesNotReadHoldsBackTheServer(TestPostgres postgres) throws Exception {
        try (TestGateway gateway = gateway(postgres);
                Connection administrator = gateway.connect(TestGateway.login("postgres"));
                RawClient client = new RawClient(gateway.port())) {
            client.startup(ProtocolVersion.V3_0, ALICE);
            client.login("wonderland");
            long before = held();
            client.send(
                    new Query("select repeat('x', 1000) from generate_series(1, 1000000) as much"));
            awaitBackend(administrator, "ClientWrite");
            awaitStill(gateway.gateway.metrics()::bytesToClients);
            assertThat(held() - before).isLessThan(SLOW_CLIENT_BYTES);
            assertThat(gateway.gateway.metrics().bytesToClients()).isLessThan(ON_THE_WAY);
        }
    }

    @Test
    void aServerThatDoesNotReadHoldsBackTheClient(TestPostgres postgres) throws Exception {
        try (TestGateway gateway = gateway(postgres);
                Connection administrator = gateway.connect(TestGateway.login("postgres"));
                RawClient client = new RawClient(gateway.port())) {
            client.startup(ProtocolVersion.V3_0, ALICE);
            client.login("wonderland");
            long before = held();
            client.send(new Query("select pg_sleep(600) as long"));
            awaitBackend(administrator, "PgSleep");
            Thread writer =
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    while (true) {
                                        client.send(new Query("-- " + "x".repeat(10_000)));
                                    }
                                } catch (IOException e) {
                                    // its backend was ended
                                }
                            });
            awaitStill(gateway.gateway.metrics()::bytesFromClients);
            assertThat(held() - before).isLessThan(SLOW_CLIENT_BYTES);
            assertThat(gateway.gateway.metrics().bytesFromClients()).isLessThan(ON_THE_WAY);
            terminate(administrator);
            writer.join();
        }
    }

    private static void awaitBackend(Connection administrator, String waitEvent) {
        Awaitility.await()
                .until(() ->
                        count(
                                        administrator,
                                        "select count(*) from pg_stat_activity where usename = 'alice' and wait_event = '"
                                                + waitEvent
                                                + "'")
                                == 1);
    }

    private static void terminate(Connection administrator) throws SQLException {
        count(
                administrator,
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'alice'");
    }

    private static int count(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getInt(1);
        }
    }

    /** Until something has begun and nothing of it has moved for a while. */
    private static void awaitStill(java.util.function.LongSupplier moving) {
        long[] last = {0, 0};
        Awaitility.await()
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    long now = moving.getAsLong();
                    last[1] = now == last[0] && now > 100_000 ? last[1] + 1 : 0;
                    last[0] = now;
                    return last[1] >= 5;
                });
    }
}
