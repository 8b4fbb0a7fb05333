package dev.sluice.controlplane.project;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Lsn;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AdministratorTest {
    private static final Computes.Started COMPUTE =
            new Computes.Started("ep-1", "/run/s", "/run", 5432, 1, "/data", Lsn.INVALID, Map.of());

    private final AtomicInteger opened = new AtomicInteger();
    private final Administrator administrator =
            new Administrator(_ -> {
                opened.incrementAndGet();
                return DriverManager.getConnection("jdbc:h2:mem:");
            });

    @Test
    void whoComesAtTheSameTimeSharesOneConnectionThatNobodyCloses() throws Exception {
        CountDownLatch together = new CountDownLatch(16);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> uses = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                uses.add(
                        threads.submit(() -> {
                            together.countDown();
                            together.await();
                            return administrator.use(COMPUTE, AdministratorTest::answers);
                        }));
            }
            for (Future<Boolean> use : uses) {
                assertThat(use.get()).isTrue();
            }
        }
        assertThat(opened).hasValue(1);
        administrator.close();
    }

    @Test
    void oneThatWasClosedIsMadeAgain() throws Exception {
        Connection first = administrator.use(COMPUTE, connection -> connection);
        administrator.close();
        assertThat(first.isClosed()).isTrue();
        Connection second = administrator.use(COMPUTE, connection -> connection);
        second.close();
        assertThat(administrator.use(COMPUTE, AdministratorTest::answers)).isTrue();
        assertThat(opened).hasValue(3);
        administrator.close();
    }

    private static boolean answers(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.execute("select 1");
        }
    }
}
