package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * {@code kill -9} of everything, in the middle of writing: what a client saw acknowledged is there
 * afterwards.
 */
class CrashIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int ROUNDS = 3;
    private static final int WRITERS = 4;
    private static final int ENOUGH = 200;

    @Test
    void everyAcknowledgedTransactionSurvives() throws IOException {
        crash();
    }

    @Test
    void alsoWithThreeSafekeepers() throws IOException {
        crash("--safekeepers", "3");
    }

    private static void crash(String... options) throws IOException {
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up(options);
            Sluice.psql(uri, "create table t (i int primary key)");
            Sluice.pgbench(uri, "-i", "-q", "-s", "1").succeeded();
            Queue<Integer> acknowledged = new ConcurrentLinkedQueue<>();
            AtomicInteger next = new AtomicInteger();
            for (int round = 0; round < ROUNDS; round++) {
                int target = acknowledged.size() + ENOUGH;
                String at = uri;
                Thread bench = Thread.ofVirtual().start(() -> benchUntilKilled(at));
                List<Thread> writers =
                        IntStream.range(0, WRITERS)
                                .mapToObj(_ ->
                                        Thread.ofVirtual()
                                                .start(() -> write(at, next, acknowledged)))
                                .toList();
                await().atMost(SOON).until(() -> acknowledged.size() >= target);
                sluice.killEverything();
                await().atMost(SOON)
                        .until(() ->
                                writers.stream().noneMatch(Thread::isAlive) && !bench.isAlive());
                uri = sluice.up(options);
                String missing =
                        "select count(*) from unnest('{%s}'::int[]) as acknowledged(i) left join t using (i) where t.i is null"
                                .formatted(
                                        String.join(
                                                ",",
                                                acknowledged.stream()
                                                        .map(String::valueOf)
                                                        .toList()));
                assertThat(Sluice.psql(uri, missing)).as("round %d", round).isEqualTo("0");
                assertThat(
                                Sluice.psql(
                                        uri,
                                        "select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history)"
                                                + " or not exists (select from pgbench_history)"))
                        .isEqualTo("t");
            }
            assertThat(sluice.json("inspect", "check-pages", "main").path("differences")).isEmpty();
        }
    }

    private static void benchUntilKilled(String uri) {
        try {
            // Without -n it would empty its history first.
            Sluice.pgbench(uri, "-n", "-c", "2", "-T", "600");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /**
     * Inserts numbers, each in a transaction of its own, and notes those that were acknowledged,
     * until it fails.
     */
    private static void write(String uri, AtomicInteger next, Queue<Integer> acknowledged) {
        try (Connection connection = DriverManager.getConnection(jdbc(uri));
                PreparedStatement insert =
                        connection.prepareStatement("insert into t values (?)")) {
            while (true) {
                int number = next.getAndIncrement();
                insert.setInt(1, number);
                insert.executeUpdate();
                acknowledged.add(number);
            }
        } catch (SQLException e) {
            // The server was killed: that is what the test does.
            assertThat(e.getMessage()).isNotNull();
        }
    }

    private static String jdbc(String uri) {
        int colon = uri.indexOf(':', "postgresql://".length());
        int at = uri.indexOf('@');
        return "jdbc:postgresql://"
                + uri.substring(at + 1)
                + "&user="
                + uri.substring("postgresql://".length(), colon)
                + "&password="
                + uri.substring(colon + 1, at);
    }
}
