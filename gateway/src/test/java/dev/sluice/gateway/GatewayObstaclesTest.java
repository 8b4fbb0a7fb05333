package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.frontend.Parse;
import dev.sluice.wire.frontend.Sync;
import dev.sluice.wire.startup.ProtocolVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What keeps a session where it is, beside what {@link GatewayParkingTest} does with SQL alone. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayObstaclesTest {
    @TempDir Path directory;

    private TestGateway gateway;

    @BeforeEach
    void open(TestPostgres postgres) throws IOException {
        gateway = new TestGateway(postgres, directory);
    }

    @AfterEach
    void close() {
        gateway.close();
    }

    private ParkReport park(boolean urgent) throws Exception {
        return gateway.gateway.park("ep-x", urgent).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    /** Found when nothing must be, and said to the client when the compute stops all the same. */
    private void staysBecauseOf(String obstacle, RawClient client) throws Exception {
        ParkReport report = park(false);
        assertThat(report.parked()).isZero();
        assertThat(report.keeping()).singleElement().asString().contains(obstacle);
        assertThat(park(true)).isEqualTo(new ParkReport(0, 1, List.of()));
        var last = client.lastWords();
        assertThat(last.sqlState()).isEqualTo("57P01");
        assertThat(last.field('D')).get().asString().contains(obstacle);
    }

    private RawClient login(String role, Map<String, String> parameters) throws IOException {
        RawClient client = new RawClient(gateway.port());
        client.startup(ProtocolVersion.V3_0, parameters);
        client.login(TestPostgres.PASSWORDS.getOrDefault(role, "none"));
        return client;
    }

    private RawClient alice() throws IOException {
        return login("alice", Map.of("user", "alice", "database", "app"));
    }

    @Test
    void aTemporaryReplicationSlot() throws Exception {
        try (RawClient client =
                login("postgres", Map.of("user", "postgres", "database", "postgres"))) {
            client.queryIgnoringErrors(
                    "select pg_create_physical_replication_slot('brief', false, true)");
            staysBecauseOf("a temporary replication slot", client);
        }
    }

    @Test
    void aReplicationConnection() throws Exception {
        try (RawClient client =
                login(
                        "postgres",
                        Map.of(
                                "user",
                                "postgres",
                                "database",
                                "postgres",
                                "replication",
                                "database"))) {
            client.queryIgnoringErrors("IDENTIFY_SYSTEM");
            staysBecauseOf("a replication connection", client);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "drop table public.stale",
                "alter table public.stale drop column b",
                "alter table public.stale alter b type text",
                "revoke all on public.stale from alice; alter table public.stale rename to fresh"
            })
    void aStatementThatCouldNotBePreparedAnyMore(String change) throws Exception {
        couldNotBePreparedAnyMore(
                change,
                client -> {
                    client.send(
                            new Parse("p", "select * from public.stale where a = $1", List.of()));
                    client.send(new Sync());
                    client.await(ReadyForQuery.class);
                });
        couldNotBePreparedAnyMore(
                change,
                client ->
                        client.query("prepare p (int) as select * from public.stale where a = $1"));
    }

    private void couldNotBePreparedAnyMore(String change, ThrowingConsumer<RawClient> prepares)
            throws Exception {
        administrate(
                "drop table if exists public.stale, public.fresh",
                "create table public.stale (a int, b int)",
                "grant all on public.stale to alice");
        try (RawClient client = alice()) {
            prepares.accept(client);
            assertThat(park(false)).isEqualTo(new ParkReport(1, 0, List.of()));
            client.query("select 1");
            administrate(change);
            staysBecauseOf("prepared statements that cannot be prepared again as", client);
        }
        administrate("drop table if exists public.stale, public.fresh");
    }

    private void administrate(String... statements) throws SQLException {
        try (Connection administrator = gateway.connect(TestGateway.login("postgres"));
                Statement statement = administrator.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    @Test
    void aStatementThatIsTooLong() throws Exception {
        try (RawClient client = alice()) {
            client.queryIgnoringErrors("prepare p as select '" + "x".repeat(300_000) + "'");
            staysBecauseOf("more prepared statements and settings than are kept", client);
        }
    }

    @Test
    void statementsThatAreTooLongTogether() throws Exception {
        try (RawClient client = alice()) {
            for (int i = 0; i < 30; i++) {
                client.queryIgnoringErrors(
                        "prepare p%d as select '%s'".formatted(i, "x".repeat(10_000)));
            }
            staysBecauseOf("more prepared statements and settings than are kept", client);
        }
    }

    @Test
    void moreCustomSettingsThanAreRemembered() throws Exception {
        try (RawClient client = alice()) {
            client.queryIgnoringErrors(
                    IntStream.rangeClosed(0, 64)
                            .mapToObj(i -> "set app.s" + i + " = 'x'")
                            .collect(Collectors.joining("; ")));
            staysBecauseOf("settings", client);
        }
    }

    @Test
    void aStateThatCannotBeRead() throws Exception {
        try (RawClient client = alice()) {
            // The probe is a statement, too, and takes longer.
            client.queryIgnoringErrors("set statement_timeout = 1");
            staysBecauseOf("state that cannot be read", client);
        }
    }
}
