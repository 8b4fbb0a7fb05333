package dev.sluice.compute.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.binaries.PreparedDirectory;
import dev.sluice.compute.process.ComputeUser;
import dev.sluice.compute.process.Orphans;
import dev.sluice.compute.process.RunDirectory;
import dev.sluice.compute.process.Signal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalAgentTest {
    @TempDir Path folder;
    private TestStack stack;

    @BeforeEach
    void start() throws Exception {
        stack = new TestStack(folder);
    }

    @AfterEach
    void stop() throws Exception {
        stack.close();
    }

    private void fill(RunningCompute compute) throws Exception {
        TestStack.execute(
                compute,
                "CREATE TABLE t (id int PRIMARY KEY, v text)",
                "INSERT INTO t SELECT i, repeat('x', i % 100) FROM generate_series(1, 5000) i");
    }

    private String sum(RunningCompute compute) throws Exception {
        return TestStack.query(compute, "SELECT count(*) || ' ' || sum(length(v)) FROM t");
    }

    @Test
    void startsStopsAndStartsAgainFromItsDirectory() throws Exception {
        RunningCompute first = stack.start();
        assertThat(first.times().warm()).isFalse();
        assertThat(stack.start()).isEqualTo(first);
        fill(first);
        String before = sum(first);

        KeptDirectory kept = stack.agent.suspend("ep-main").orElseThrow();

        assertThat(ProcessHandle.of(first.pid())).isEmpty();
        assertThat(stack.agent.running()).isEmpty();
        assertThat(stack.agent.kept("ep-main")).contains(kept);
        RunningCompute second = stack.start();
        assertThat(second.times().warm()).isTrue();
        assertThat(second.start()).isEqualTo(kept.shutdown());
        assertThat(second.term().number()).isGreaterThan(first.term().number());
        assertThat(sum(second)).isEqualTo(before);
        TestStack.execute(second, "INSERT INTO t VALUES (0, 'after')");
        stack.agent.suspend("ep-main");
        assertThat(sum(stack.start())).isNotEqualTo(before).startsWith("5001 ");
        assertThat(stack.ended).isEmpty();
    }

    @Test
    void startsFromStorageWhenItsDirectoryIsGone() throws Exception {
        RunningCompute first = stack.start();
        fill(first);
        TestStack.execute(
                first,
                "DELETE FROM t WHERE id % 2 = 0",
                "VACUUM t",
                "SELECT pg_stat_force_next_flush()");
        String before = sum(first);
        String scans = TestStack.query(first, "SELECT n_tup_ins FROM pg_stat_user_tables");
        Path data = stack.agent.suspend("ep-main").orElseThrow().data();
        PreparedDirectory.deleteTree(data);

        RunningCompute second = stack.start();

        assertThat(second.times().warm()).isFalse();
        assertThat(sum(second)).isEqualTo(before);
        // What WAL does not carry was saved at the suspend.
        assertThat(TestStack.query(second, "SELECT n_tup_ins FROM pg_stat_user_tables"))
                .isEqualTo(scans);
        assertThat(TestStack.query(second, "SELECT pg_relation_size('t', 'fsm') > 0"))
                .isEqualTo("t");
    }

    @Test
    void neverUsesADirectoryAgainWhenToldNotTo() throws Exception {
        RunningCompute first = stack.start();
        fill(first);
        stack.agent.suspend("ep-main");
        stack.reopenAgent(stack.config.withReuseDirectories(false));

        RunningCompute second = stack.start();

        assertThat(second.times().warm()).isFalse();
        assertThat(sum(second)).startsWith("5000 ");
    }

    @Test
    void aKilledComputeIsToldOfAndLosesNothing() throws Exception {
        RunningCompute first = stack.start();
        fill(first);
        String before = sum(first);

        Signal.KILL.send(first.pid());

        assertThat(stack.ended.poll(30, TimeUnit.SECONDS)).startsWith("ep-main it ended");
        assertThat(stack.agent.running("ep-main")).isEmpty();
        assertThat(stack.agent.kept("ep-main")).isEmpty();
        RunningCompute second = stack.start();
        assertThat(second.times().warm()).isFalse();
        assertThat(sum(second)).isEqualTo(before);
    }

    @Test
    void whatAKilledServerLeftIsEnded() throws Exception {
        RunningCompute first = stack.start();
        fill(first);
        String before = sum(first);

        Optional<ProcessHandle> postmaster = ProcessHandle.of(first.pid());
        assertThat(postmaster).isPresent();

        stack.reopenAgent(stack.config);

        // It is a child of this process, so it counts as alive until its exit status is collected.
        assertThat(postmaster.get().onExit()).succeedsWithin(30, TimeUnit.SECONDS);
        RunDirectory run = RunDirectory.open(folder, ComputeUser.current());
        assertThat(Orphans.find(run.computes())).isEmpty();
        assertThat(sum(stack.start())).isEqualTo(before);
    }

    @Test
    void whatWouldNotLastIsRefused() throws Exception {
        RunningCompute compute = stack.start();
        Path elsewhere = Files.createTempDirectory(Path.of("/tmp"), "sluice-tablespace");
        try {
            stack.agent.user().ownAll(elsewhere);
            assertThatThrownBy(() ->
                            TestStack.execute(
                                    compute, "CREATE TABLESPACE x LOCATION '" + elsewhere + "'"))
                    .hasMessageContaining("pg_tblspc");
        } finally {
            PreparedDirectory.deleteTree(elsewhere);
        }
        assertThatThrownBy(() -> TestStack.execute(compute, "ALTER SYSTEM SET work_mem = '8MB'"))
                .hasMessageContaining("ALTER SYSTEM is not allowed");
        assertThat(TestStack.query(compute, "SHOW fsync")).isEqualTo("on");
        assertThat(TestStack.query(compute, "SELECT count(*) FROM pg_tablespace")).isEqualTo("2");
    }

    @Test
    void settingsAreTakenOrRefusedByName() throws Exception {
        RunningCompute compute = stack.agent.start(stack.spec(Map.of("work_mem", "13MB")));
        assertThat(TestStack.query(compute, "SHOW work_mem")).isEqualTo("13MB");
        stack.agent.suspend("ep-main");

        assertThatThrownBy(() -> stack.agent.start(stack.spec(Map.of("fsync", "off"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("fsync");
        assertThatThrownBy(() -> stack.agent.start(stack.spec(Map.of("work_mem", "much"))))
                .hasMessageContaining("invalid value for parameter \"work_mem\"");
        assertThat(stack.agent.running()).isEmpty();
        assertThat(TestStack.query(stack.start(), "SHOW work_mem")).isEqualTo("4MB");
    }

    @Test
    void nothingIsLeftOfARemovedEndpoint() throws Exception {
        RunningCompute compute = stack.start();

        stack.agent.remove("ep-main");

        assertThat(ProcessHandle.of(compute.pid())).isEmpty();
        assertThat(stack.agent.kept("ep-main")).isEqualTo(Optional.empty());
        assertThat(compute.socketDirectory()).doesNotExist();
        assertThat(stack.agent.suspend("ep-main")).isEmpty();
    }
}
