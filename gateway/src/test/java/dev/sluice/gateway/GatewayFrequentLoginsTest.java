package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.routing.AddressRange;
import dev.sluice.wire.scram.ScramVerifier;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A client that logs in again and again, and what becomes of it when its password changes. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayFrequentLoginsTest {
    private static final String NEW = "looking-glass";
    private static final int CLIENTS = 8;

    @TempDir Path directory;

    private TestPostgres postgres;
    private TestGateway gateway;

    @BeforeEach
    void start(TestPostgres running) throws IOException {
        postgres = running;
        gateway = new TestGateway(postgres, directory);
    }

    @AfterEach
    void stop() throws SQLException {
        gateway.directory.allowed = List.of();
        gateway.gateway.forgetLogins();
        alter(postgres.verifier("alice").orElseThrow());
        gateway.close();
    }

    /** In Postgres and, as the control plane would read it there, in the directory. */
    private void alter(String verifier) throws SQLException {
        try (Connection administrator = gateway.connect(TestGateway.login("postgres"));
                var statement = administrator.createStatement()) {
            statement.execute("alter role alice password '" + verifier + "'");
        }
        gateway.directory.verifiers =
                role -> role.equals("alice") ? Optional.of(verifier) : postgres.verifier(role);
    }

    /** Eight at a time, so that a slow machine is fast enough too. */
    private void logInUntilTheDirectoryIsNotAsked() {
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ZERO)
                .pollDelay(Duration.ZERO)
                .until(() -> {
                    int before = gateway.directory.requests.size();
                    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
                        for (int i = 0; i < CLIENTS; i++) {
                            var _ =
                                    clients.submit(() -> {
                                        gateway.connect().close();
                                        return null;
                                    });
                        }
                    }
                    return gateway.directory.requests.size() < before + CLIENTS;
                });
    }

    private Connection connectWith(String password) throws SQLException {
        Properties login = TestGateway.login("alice");
        login.setProperty("password", password);
        return gateway.connect(login);
    }

    private static String newVerifier() {
        return ScramVerifier.create(NEW, new byte[16], 4096).text();
    }

    @Test
    void aChangeThatTheGatewayIsToldOfCountsAtOnce() throws SQLException {
        logInUntilTheDirectoryIsNotAsked();
        alter(newVerifier());
        gateway.gateway.forgetLogins();
        assertThatThrownBy(() -> gateway.connect())
                .isInstanceOfSatisfying(
                        SQLException.class,
                        refused -> assertThat(refused.getSQLState()).isEqualTo("28P01"));
        connectWith(NEW).close();
    }

    @Test
    void aChangeThatItIsNotToldOfCountsSoonAndAfterOneRefusal() throws SQLException {
        logInUntilTheDirectoryIsNotAsked();
        alter(newVerifier());
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThatThrownBy(() -> gateway.connect())
                                .isInstanceOf(SQLException.class));
        connectWith(NEW).close();
    }

    @Test
    void whoMayConnectIsCheckedEachTime() throws SQLException {
        logInUntilTheDirectoryIsNotAsked();
        gateway.directory.allowed = List.of(AddressRange.parse("192.0.2.1"));
        gateway.gateway.forgetLogins();
        assertThatThrownBy(() -> gateway.connect())
                .isInstanceOfSatisfying(
                        SQLException.class,
                        refused -> assertThat(refused.getSQLState()).isEqualTo("28000"));
    }
}
