package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.controlplane.system.Client.Mode;
import dev.sluice.controlplane.system.JavaClient.Server;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Drivers as they are published, each through what its protocol can do, before and after its
 * compute was suspended, on the same connections. docs/clients.md tells of it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientsIT {
    private Sluice sluice;
    private Path authority;

    @BeforeAll
    void start() throws IOException {
        sluice = new Sluice();
        sluice.up();
        authority = sluice.data().resolve("certs").resolve("ca.crt");
    }

    @AfterAll
    void stop() throws IOException {
        sluice.close();
    }

    @ParameterizedTest
    @EnumSource
    void inASession(Driver driver) throws Exception {
        everythingTwice(driver, Mode.SESSION);
    }

    @ParameterizedTest
    @EnumSource
    void pooled(Driver driver) throws Exception {
        everythingTwice(driver, Mode.POOLED);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pgbenchInEveryMode(boolean pooled) throws Exception {
        try (TestBranch branch = new TestBranch(sluice, "pgbench-" + pooled)) {
            String uri = branch.uri(pooled);
            Sluice.pgbench(uri, "-i", "-q", "-s", "1").succeeded();
            for (String mode : List.of("simple", "extended", "prepared")) {
                String said =
                        Sluice.pgbench(uri, "-n", "-M", mode, "-c", "4", "-j", "2", "-t", "25")
                                .succeeded()
                                .out();
                assertThat(said).contains("actually processed: 100/100");
                branch.suspend();
            }
            assertThat(Sluice.psql(uri, "select count(*) from pgbench_history")).isEqualTo("300");
        }
    }

    /** As Ctrl-C has it; with libpq 18 over TLS, with a key of 256 bits. */
    @ParameterizedTest
    @ValueSource(strings = {"", "&min_protocol_version=3.2&max_protocol_version=3.2"})
    void psqlCancels(String newer) throws Exception {
        try (TestBranch branch = new TestBranch(sluice, "cancel-" + newer.length())) {
            ProcessBuilder builder =
                    new ProcessBuilder(
                                    "psql",
                                    "-XAtq",
                                    branch.uri(false) + newer,
                                    "-c",
                                    "\\echo begun",
                                    "-c",
                                    "select pg_sleep(60)")
                            .redirectErrorStream(true);
            if (!newer.isEmpty()) {
                builder.environment().put("LD_LIBRARY_PATH", Drivers.libpq18().toString());
            }
            Process process = builder.start();
            try (var said = process.inputReader(StandardCharsets.UTF_8)) {
                assertThat(said.readLine()).isEqualTo("begun");
                Awaitility.await()
                        .until(() ->
                                Sluice.psql(
                                                branch.uri(false),
                                                "select count(*) from pg_stat_activity where query like 'select pg_sleep%'")
                                        .equals("1"));
                Sluice.execute(Map.of(), List.of("kill", "-INT", Long.toString(process.pid())))
                        .succeeded();
                assertThat(said.readLine()).isEqualTo("Cancel request sent");
                assertThat(said.readLine()).contains("canceling statement due to user request");
            } finally {
                process.destroyForcibly();
            }
        }
    }

    private void everythingTwice(Driver driver, Mode mode) throws Exception {
        String name = (driver + "-" + mode).toLowerCase(Locale.ROOT).replace('_', '-');
        try (TestBranch branch = new TestBranch(sluice, name)) {
            Server server = new Server(branch.uri(mode == Mode.POOLED), authority);
            try (Client client = driver.open(server, mode)) {
                assertThat(client.round()).isEqualTo(driver.features(mode));
                branch.suspend();
                assertThat(client.round()).isEqualTo(driver.features(mode));
            }
        }
    }
}
