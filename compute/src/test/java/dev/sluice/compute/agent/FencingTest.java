package dev.sluice.compute.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A second compute on a branch ends the first one's time, with real Postgres on both sides. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FencingTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final int CLIENTS = 8;

    @TempDir Path folder;

    private TestStack stack;
    private LocalAgent otherHost;

    @BeforeEach
    void open() throws Exception {
        stack = new TestStack(folder);
        AgentConfig other = AgentConfig.of(Files.createDirectories(folder.resolve("other-host")));
        otherHost = LocalAgent.open(other, stack.pageserver, (_, _) -> {});
    }

    @AfterEach
    void close() throws Exception {
        try (TestStack _ = stack) {
            otherHost.close();
        }
    }

    private RunningCompute startElsewhere() throws Exception {
        return otherHost.start(stack.spec(Map.of()));
    }

    private static boolean lives(RunningCompute compute) {
        return ProcessHandle.of(compute.pid()).filter(ProcessHandle::isAlive).isPresent();
    }

    @Test
    void waitingCommitsOfTheFirstNeverReturnSuccessAndItIsStopped() throws Exception {
        RunningCompute first = stack.start();
        TestStack.execute(first, "create table t (client int, i int, primary key (client, i))");
        Set<List<Integer>> acknowledged = ConcurrentHashMap.newKeySet();
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            List<CompletableFuture<SQLException>> clients = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                int number = client;
                clients.add(
                        CompletableFuture.supplyAsync(
                                () -> commitUntilItFails(first, number, acknowledged), threads));
            }
            await().until(() -> acknowledged.size() > 1000);
            RunningCompute second = startElsewhere();
            Set<List<Integer>> before = Set.copyOf(acknowledged);
            assertThat(second.term()).isGreaterThan(first.term());
            for (CompletableFuture<SQLException> client : clients) {
                // the connection's end, or the panic of the session whose flush was refused
                assertThat(client.get(20, TimeUnit.SECONDS).getSQLState())
                        .matches("57P0.|08.*|58030");
            }
            await().atMost(SOON).until(() -> !lives(first));
            assertThat(stack.ended.poll(20, TimeUnit.SECONDS)).startsWith("ep-main it ended");
            assertThat(Set.copyOf(acknowledged)).isEqualTo(before);
            assertThat(rows(second)).containsAll(before);
            TestStack.execute(second, "insert into t values (-1, -1)");
            assertThat(stack.agent.running("ep-main")).isEmpty();
        }
    }

    /** Nobody has to try a commit for it to be noticed. */
    @Test
    void aFirstThatDoesNothingIsStoppedToo() throws Exception {
        RunningCompute first = stack.start();
        try (Connection idle = TestStack.connect(first);
                Statement statement = idle.createStatement()) {
            statement.execute("create table t (i int)");
            RunningCompute second = startElsewhere();
            await().atMost(SOON).until(() -> !lives(first));
            assertThatThrownBy(() -> statement.execute("select 1"))
                    .isInstanceOf(SQLException.class);
            assertThat(TestStack.query(second, "select count(*) from t")).isEqualTo("0");
        }
    }

    /** For good: it comes back only with a term of its own, which ends the second one's time. */
    @Test
    void whatComesBackIsNoLongerTheFirst() throws Exception {
        RunningCompute first = stack.start();
        RunningCompute second = startElsewhere();
        TestStack.execute(second, "create table t as select 1 as i");
        await().atMost(SOON).until(() -> !lives(first));
        RunningCompute third = stack.start();
        assertThat(third.term()).isGreaterThan(second.term());
        assertThat(third.pid()).isNotEqualTo(first.pid());
        await().atMost(SOON).until(() -> !lives(second));
        assertThat(TestStack.query(third, "select i from t")).isEqualTo("1");
    }

    private static SQLException commitUntilItFails(
            RunningCompute compute, int client, Set<List<Integer>> acknowledged) {
        try (Connection connection = TestStack.connect(compute);
                Statement statement = connection.createStatement()) {
            for (int i = 0; true; i++) {
                statement.execute("insert into t values (%d, %d)".formatted(client, i));
                acknowledged.add(List.of(client, i));
            }
        } catch (SQLException e) {
            return e;
        }
    }

    private static Set<List<Integer>> rows(RunningCompute compute) throws SQLException {
        Set<List<Integer>> rows = new HashSet<>();
        try (Connection connection = TestStack.connect(compute);
                Statement statement = connection.createStatement();
                ResultSet each = statement.executeQuery("select client, i from t")) {
            while (each.next()) {
                rows.add(List.of(each.getInt(1), each.getInt(2)));
            }
        }
        return rows;
    }
}
