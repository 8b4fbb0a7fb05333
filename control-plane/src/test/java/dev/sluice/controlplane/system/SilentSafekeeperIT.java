package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One of three safekeepers is stopped, as a host without power is: it takes connections and
 * questions, and answers nothing.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SilentSafekeeperIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    /** The one that the pageserver streams from, as long as it can. */
    private static final String FIRST = "safekeeper 1";

    @Test
    void writesWakesAndNewBranchesDoWithoutIt() throws IOException {
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up("--separate-processes", "--safekeepers", "3");
            Sluice.psql(uri, "create table kept as select generate_series(1, 1000) i");
            long pid = pid(sluice);
            signal("-STOP", pid);
            try {
                Sluice.psql(uri, "insert into kept select generate_series(1, 100000)");
                // Nobody can begin where the pageserver is not yet.
                sluice.run("endpoints", "restart", "main").succeeded();
                assertThat(Sluice.psql(uri, "select count(*) from kept")).isEqualTo("101000");
                sluice.run("branches", "create", "--name", "dev").succeeded();
                String dev = sluice.connectionString("dev");
                assertThat(Sluice.psql(dev, "insert into kept values (0) returning i"))
                        .isEqualTo("0");
                assertThat(sluice.run("branches", "delete", "dev").err())
                        .contains("cannot delete branch \"dev\"")
                        .contains("all of its safekeepers must answer: " + FIRST);
                assertThat(Sluice.psql(dev, "select count(*) from kept")).isEqualTo("101001");
            } finally {
                signal("-CONT", pid);
            }
            await().atMost(SOON)
                    .until(() -> sluice.run("branches", "delete", "dev").exitCode() == 0);
            assertThat(sluice.json("branches", "list")).hasSize(1);
            assertThat(Sluice.psql(uri, "select count(*) from kept")).isEqualTo("101000");
        }
    }

    private static long pid(Sluice sluice) throws IOException {
        for (JsonNode part : sluice.json("status").path("parts")) {
            if (part.path("part").asText().equals(FIRST)) {
                return part.path("pid").asLong();
            }
        }
        throw new AssertionError("no " + FIRST);
    }

    private static void signal(String signal, long pid) throws IOException {
        Sluice.execute(Map.of(), List.of("kill", signal, Long.toString(pid))).succeeded();
    }
}
