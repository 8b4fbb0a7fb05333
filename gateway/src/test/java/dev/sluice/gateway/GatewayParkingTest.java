package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.startup.CancelRequest;
import dev.sluice.wire.startup.ProtocolVersion;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** Sessions that lose their server connection while they are idle, and do not notice. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayParkingTest {
    @TempDir Path directory;
    private TestPostgres postgres;
    private TestGateway gateway;

    @BeforeEach
    void open(TestPostgres shared) throws IOException {
        postgres = shared;
        gateway = new TestGateway(shared, directory);
    }

    @AfterEach
    void close() {
        gateway.close();
    }

    private ParkReport park(boolean urgent) throws Exception {
        return gateway.gateway.park("ep-x", urgent).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    /** Parks the one session there is. */
    private void parkAll(int sessions) throws Exception {
        Awaitility.await()
                .untilAsserted(() -> {
                    assertThat(gateway.gateway.sessions())
                            .allMatch(session -> session.state() != SessionInfo.State.ACTIVE);
                    ParkReport report = park(false);
                    assertThat(report.keeping()).isEmpty();
                    assertThat(report.parked()).isEqualTo(sessions);
                });
        assertThat(gateway.gateway.sessions())
                .allMatch(session -> session.state() == SessionInfo.State.PARKED);
        assertThat(gateway.gateway.metrics().sessionsParkedNow()).isEqualTo(sessions);
    }

    private static String query(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    private static void execute(Connection connection, String... statements) throws SQLException {
        for (String sql : statements) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(sql);
            }
        }
    }

    private Connection connect(String... namesAndValues) throws SQLException {
        Properties properties = TestGateway.login("alice");
        for (int i = 0; i < namesAndValues.length; i += 2) {
            properties.setProperty(namesAndValues[i], namesAndValues[i + 1]);
        }
        return gateway.connect(properties);
    }

    @Test
    void aParkedSessionGoesOnInAnotherBackend() throws Exception {
        try (Connection connection = connect()) {
            String before = query(connection, "select pg_backend_pid()");
            parkAll(1);
            Awaitility.await().untilAsserted(() -> assertThat(backends("alice")).isEqualTo("0"));
            assertThat(query(connection, "select pg_backend_pid()")).isNotEqualTo(before);
            assertThat(gateway.gateway.metrics().sessionsParkedNow()).isZero();
            assertThat(gateway.gateway.metrics().sessionsResumedTotal()).isOne();
        }
    }

    private String backends(String role) throws SQLException {
        try (Connection administrator = gateway.connect(TestGateway.login("postgres"))) {
            return query(
                    administrator,
                    "select count(*) from pg_stat_activity where usename = '" + role + "'");
        }
    }

    @Test
    void settingsAreAsTheyWere() throws Exception {
        try (Connection connection =
                connect("options", "-c geqo=off", "ApplicationName", "the app")) {
            execute(
                    connection,
                    "set work_mem to '7MB'",
                    "set search_path to \"$user\", \"We\"\"ird, Name\", public",
                    "set datestyle to 'ISO, DMY'",
                    "set time zone interval '-03:30' hour to minute",
                    "set application_name to 'it''s \\ new'",
                    "set session app.tenant = 'Müller ''42'' \\'",
                    "select set_config('app.other', 'two', false)",
                    "set standard_conforming_strings to off",
                    "set statement_timeout to 20000",
                    "set default_transaction_isolation to 'repeatable read'",
                    "set plpgsql.extra_warnings to 'all'");
            String state =
                    "select string_agg(n || '=' || current_setting(n), E'\\n') from unnest(array["
                            + "'work_mem','search_path','DateStyle','TimeZone','application_name','app.tenant','app.other',"
                            + "'standard_conforming_strings','statement_timeout','default_transaction_isolation','geqo',"
                            + "'plpgsql.extra_warnings','client_encoding','extra_float_digits','role','session_authorization']) n";
            String before = query(connection, state);
            parkAll(1);
            assertThat(query(connection, state))
                    .isEqualTo(before)
                    .contains("7MB", "Müller '42' \\");
            parkAll(1);
            assertThat(query(connection, state)).isEqualTo(before);
            execute(connection, "reset work_mem", "reset geqo", "reset app.tenant");
            assertThat(query(connection, "show work_mem")).isEqualTo("4MB");
            assertThat(query(connection, "show geqo")).isEqualTo("off");
            assertThat(query(connection, "select current_setting('app.tenant')")).isEmpty();
        }
    }

    @Test
    void settingsThatWereSetToTheDefaultAreCarried() throws Exception {
        try (Connection connection = connect()) {
            for (String name : List.of("work_mem", "lock_timeout", "statement_timeout", "geqo")) {
                String value = query(connection, "show " + name);
                execute(connection, "set " + name + " to '" + value + "'");
            }
            String set =
                    "select string_agg(name, ' ' order by name) from pg_settings where source = 'session'";
            String before = query(connection, set);
            assertThat(before).contains("geqo", "lock_timeout", "statement_timeout", "work_mem");
            parkAll(1);
            assertThat(query(connection, set)).isEqualTo(before);
        }
    }

    @Test
    void rolesAreAsTheyWere() throws Exception {
        try (Connection connection = gateway.connect(TestGateway.login("postgres"))) {
            execute(
                    connection,
                    "set log_min_duration_statement to 12345",
                    "set session authorization alice",
                    "set role none");
            parkAll(1);
            assertThat(query(connection, "select session_user || current_user"))
                    .isEqualTo("alicealice");
            assertThat(
                            query(
                                    connection,
                                    "select setting from pg_settings where name = 'log_min_duration_statement'"))
                    .isEqualTo("12345");
            execute(connection, "reset session authorization", "set role alice");
            parkAll(1);
            assertThat(query(connection, "select session_user || current_user"))
                    .isEqualTo("postgresalice");
            execute(connection, "reset role");
            assertThat(query(connection, "select current_user")).isEqualTo("postgres");
        }
    }

    @Test
    void preparedStatementsAreAsTheyWere() throws Exception {
        try (Connection connection = connect("prepareThreshold", "1");
                PreparedStatement sum =
                        connection.prepareStatement("select ?::int8 + ?::int8, 'ä€'")) {
            execute(
                    connection,
                    "prepare \"by Sql\" (text, int) as select $1 || $2 || ';'",
                    "PREPARE untyped AS select $1 + 1;");
            assertThat(sum(sum, 1, 2)).isEqualTo(3);
            assertThat(sum(sum, 2, 3)).isEqualTo(5);
            // Not those of the driver for texts it has done with: it closes them when the garbage
            // collector has found them.
            String list =
                    "select string_agg(concat_ws('|', name, statement, parameter_types, result_types, from_sql), E'\\n' order by name) from pg_prepared_statements where from_sql or parameter_types = '{bigint,bigint}'";
            String before = query(connection, list);
            assertThat(before).contains("ä€", "by Sql", "untyped");
            for (int i = 0; i < 3; i++) {
                parkAll(1);
                assertThat(sum(sum, i, 40)).isEqualTo(40 + i);
                assertThat(query(connection, "execute \"by Sql\" ('a', 7)")).isEqualTo("a7;");
                assertThat(query(connection, "execute untyped (41)")).isEqualTo("42");
                assertThat(query(connection, list)).isEqualTo(before);
            }
        }
    }

    /** A driver that knows a statement's columns would take the new ones for the old. */
    @Test
    void aStatementWhoseColumnsAreOthersEndsTheSession() throws Exception {
        try (Connection administrator = gateway.connect(TestGateway.login("postgres"));
                RawClient client = login()) {
            execute(
                    administrator,
                    "drop table if exists public.changing",
                    "create table public.changing (a int, b int)",
                    "grant all on public.changing to alice");
            client.query("prepare p as select * from public.changing");
            parkAll(2);
            execute(administrator, "alter table public.changing alter b type text");
            client.send(new dev.sluice.wire.frontend.Query("select 1"));
            assertThat(client.lastWords())
                    .satisfies(
                            words -> assertThat(words.sqlState()).isEqualTo("57P01"),
                            words ->
                                    assertThat(words.toString())
                                            .contains("prepared statements differ"));
            execute(administrator, "drop table public.changing");
        }
    }

    private static long sum(PreparedStatement statement, long a, long b) throws SQLException {
        statement.setLong(1, a);
        statement.setLong(2, b);
        try (ResultSet rows = statement.executeQuery()) {
            rows.next();
            return rows.getLong(1);
        }
    }

    @Test
    void textsSurviveInAnyClientEncoding() throws Exception {
        try (RawClient client = login()) {
            client.query("set client_encoding to 'LATIN1'");
            client.send(
                    RawClient.bytes(
                            'Q',
                            "prepare p as select 'g\u00fcnther', octet_length('\u00fc'); set app.name = '\u00fc'\0"
                                    .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)));
            client.await(dev.sluice.wire.backend.ReadyForQuery.class);
            assertThat(park(false).keeping()).singleElement().asString().contains("PREPARE");
            client.query("deallocate all");
            client.send(
                    RawClient.bytes(
                            'Q',
                            "prepare p as select 'g\u00fcnther', octet_length('\u00fc')\0"
                                    .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)));
            client.await(dev.sluice.wire.backend.ReadyForQuery.class);
            parkAll(1);
            assertThat(client.query("execute p")).containsExactly(List.of("g\u00fcnther", "2"));
            assertThat(client.query("show client_encoding")).containsExactly(List.of("LATIN1"));
        }
    }

    private RawClient login() throws IOException {
        RawClient client = new RawClient(gateway.port());
        client.startup(ProtocolVersion.V3_0, Map.of("user", "alice", "database", "app"));
        client.login("wonderland");
        return client;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '^',
            quoteCharacter = '`',
            value = {
                "create temp table t (i int)^temporary tables",
                "create function pg_temp.f() returns int language sql as 'select 1'^temporary tables",
                "begin; declare c cursor with hold for select 1; commit^cursors WITH HOLD",
                "select pg_advisory_lock(42)^advisory locks",
                "select pg_advisory_lock_shared(1, 2)^advisory locks",
                "begin^open transaction",
                "select set_config('a' || '.b', 'x', false)^set_config() with a computed name",
                "prepare p as select 1; prepare q as select 2^PREPARE",
                "begin; select 1/0^open transaction",
            })
    void whatCannotBeCarriedIsFoundAndKeepsTheComputeAwake(String sql, String obstacle)
            throws Exception {
        try (RawClient client = login();
                Connection other = connect()) {
            client.queryIgnoringErrors(sql);
            query(other, "select 1");
            ParkReport report = park(false);
            assertThat(report.parked()).isZero();
            assertThat(report.keeping()).singleElement().asString().contains(obstacle);
            assertThat(query(other, "select 2")).as("nobody was parked").isEqualTo("2");
            assertThat(gateway.gateway.metrics().sessionsParkedTotal()).isZero();

            ParkReport forced = park(true);
            assertThat(forced).isEqualTo(new ParkReport(1, 1, List.of()));
            dev.sluice.wire.backend.Diagnostic last = client.lastWords();
            assertThat(last.sqlState()).isEqualTo("57P01");
            assertThat(last.field('D')).get().asString().contains(obstacle);
            assertThat(query(other, "select 3")).isEqualTo("3");
        }
    }

    @Test
    void whatIsGoneAgainIsNoObstacle() throws Exception {
        try (Connection connection = connect()) {
            execute(
                    connection,
                    "create temp table t (i int)",
                    "select pg_advisory_lock(42)",
                    "declare c cursor with hold for select 1");
            assertThat(park(false).keeping()).hasSize(1);
            execute(connection, "drop table t", "select pg_advisory_unlock_all()", "close all");
            parkAll(1);
            assertThat(query(connection, "select 1")).isEqualTo("1");
        }
    }

    @Test
    void anIdleSessionThatCannotBeCarriedIsEndedAfterItsTime() throws Exception {
        try (TestGateway impatient =
                        new TestGateway(
                                postgres,
                                directory,
                                config -> config.withKeepAwake(Duration.ofMillis(300)),
                                SessionListener.NONE,
                                Transport.best());
                Connection connection = impatient.connect()) {
            execute(connection, "create temp table t (i int)");
            assertThat(impatient.gateway.park("ep-x", false).toCompletableFuture().join().keeping())
                    .hasSize(1);
            Awaitility.await()
                    .pollInterval(Duration.ofMillis(50))
                    .until(() ->
                            impatient
                                            .gateway
                                            .park("ep-x", false)
                                            .toCompletableFuture()
                                            .join()
                                            .ended()
                                    == 1);
            assertThatThrownBy(() -> query(connection, "select 1"))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).isIn("57P01", "08006"));
        }
    }

    @Test
    void aBusySessionKeepsItsComputeAndIsLeftToItWhenItMustStop() throws Exception {
        try (Connection busy = connect();
                Connection idle = connect()) {
            query(idle, "select 1");
            CompletableFuture<String> answer =
                    CompletableFuture.supplyAsync(() -> {
                        try {
                            return query(busy, "select pg_sleep(1)::text || 'slept'");
                        } catch (SQLException e) {
                            throw new IllegalStateException(e);
                        }
                    });
            Awaitility.await()
                    .until(() ->
                            gateway.gateway.sessions().stream()
                                    .anyMatch(session ->
                                            session.state() == SessionInfo.State.ACTIVE));
            assertThat(park(false).keeping()).singleElement().asString().contains("busy");
            assertThat(park(true)).isEqualTo(new ParkReport(1, 0, List.of()));
            assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo("slept");
            assertThat(query(idle, "select 2")).isEqualTo("2");
        }
    }

    @Test
    void aliveChecksNeedNoComputeAndAreNoActivity() throws Exception {
        try (Connection connection = connect();
                RawClient raw = login()) {
            query(connection, "select 1");
            long active = lastActivity();
            assertThat(connection.isValid(5)).isTrue();
            assertThat(lastActivity()).isEqualTo(active);
            parkAll(2);
            int wakes = gateway.directory.wakes.get();
            for (int i = 0; i < 10; i++) {
                assertThat(connection.isValid(5)).isTrue();
            }
            assertThat(raw.query("")).isEmpty();
            raw.send(new dev.sluice.wire.frontend.Parse("", "", List.of()));
            raw.send(
                    new dev.sluice.wire.frontend.Describe(
                            dev.sluice.wire.frontend.Target.STATEMENT, ""));
            raw.send(new dev.sluice.wire.frontend.Sync());
            assertThat(raw.receive()).isEqualTo(new dev.sluice.wire.backend.ParseComplete());
            assertThat(raw.receive())
                    .isEqualTo(new dev.sluice.wire.backend.ParameterDescription(List.of()));
            assertThat(raw.receive()).isEqualTo(new dev.sluice.wire.backend.NoData());
            raw.await(dev.sluice.wire.backend.ReadyForQuery.class);
            raw.send(new dev.sluice.wire.frontend.Parse("", "", List.of()));
            raw.send(new dev.sluice.wire.frontend.Bind("", "", List.of(), List.of(), List.of()));
            raw.send(new dev.sluice.wire.frontend.Execute("", 0));
            raw.send(new dev.sluice.wire.frontend.Sync());
            assertThat(raw.receive()).isEqualTo(new dev.sluice.wire.backend.ParseComplete());
            assertThat(raw.receive()).isEqualTo(new dev.sluice.wire.backend.BindComplete());
            assertThat(raw.receive()).isEqualTo(new dev.sluice.wire.backend.EmptyQueryResponse());
            raw.await(dev.sluice.wire.backend.ReadyForQuery.class);
            assertThat(gateway.directory.wakes).hasValue(wakes);
            assertThat(gateway.gateway.metrics().sessionsParkedNow()).isEqualTo(2);
            assertThat(query(connection, "select 2")).isEqualTo("2");
            assertThat(raw.query("select 3")).containsExactly(List.of("3"));
        }
    }

    /** It looks like the end of an alive check, and runs a statement. */
    @Test
    void theUnnamedStatementOfBeforeIsNoAliveCheck() throws Exception {
        try (RawClient raw = login()) {
            raw.send(
                    new dev.sluice.wire.frontend.Parse(
                            "", "select pg_notify('x', 'y')", List.of()));
            raw.send(new dev.sluice.wire.frontend.Sync());
            raw.await(dev.sluice.wire.backend.ReadyForQuery.class);
            parkAll(1);
            raw.send(new dev.sluice.wire.frontend.Bind("", "", List.of(), List.of(), List.of()));
            raw.send(new dev.sluice.wire.frontend.Execute("", 0));
            raw.send(new dev.sluice.wire.frontend.Sync());
            assertThat(raw.receive())
                    .isInstanceOfSatisfying(
                            dev.sluice.wire.backend.ErrorResponse.class,
                            error -> assertThat(error.diagnostic().sqlState()).isEqualTo("26000"));
            raw.await(dev.sluice.wire.backend.ReadyForQuery.class);
        }
    }

    private long lastActivity() {
        return gateway.gateway.sessions().stream()
                .mapToLong(SessionInfo::lastActivityNanos)
                .max()
                .orElseThrow();
    }

    @Test
    @SuppressWarnings("try") // closing is what is tested
    void aParkedClientThatLeavesWakesNothing() throws Exception {
        try (Connection polite = connect();
                RawClient rude = login()) {
            query(polite, "select 1");
            parkAll(2);
            int wakes = gateway.directory.wakes.get();
            polite.close();
            rude.close();
            Awaitility.await().until(() -> gateway.gateway.sessions().isEmpty());
            assertThat(gateway.directory.wakes).hasValue(wakes);
            assertThat(gateway.gateway.metrics().sessionsParkedNow()).isZero();
        }
    }

    @Test
    void notificationsReachAParkedSessionOnceAnotherClientIsThere() throws Exception {
        try (Connection listener = connect()) {
            execute(listener, "listen \"Some \"\"channel\"", "listen other");
            parkAll(1);
            try (Connection notifier = connect()) {
                Awaitility.await().until(() -> gateway.gateway.metrics().sessionsParkedNow() == 0);
                execute(notifier, "select pg_notify('Some \"channel', 'hello')");
                PGNotification[] notifications =
                        listener.unwrap(PGConnection.class).getNotifications(10_000);
                assertThat(notifications).hasSize(1);
                assertThat(notifications[0].getParameter()).isEqualTo("hello");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"session", "pool", "http"})
    void aListenerComesBackWhoeverReachesTheCompute(String by) throws Exception {
        try (Connection listener = connect()) {
            execute(listener, "listen news");
            parkAll(1);
            switch (by) {
                case "session" -> connect().close();
                case "pool" -> {
                    try (Connection pooled = connect("options", "endpoint=ep-x-pooler")) {
                        execute(pooled, "select 1");
                    }
                }
                default -> overHttp("select 1");
            }
            Awaitility.await().until(() -> gateway.gateway.metrics().sessionsParkedNow() == 0);
            overHttp("select pg_notify('news', 'good')");
            assertThat(listener.unwrap(PGConnection.class).getNotifications(10_000))
                    .singleElement()
                    .satisfies(news -> assertThat(news.getParameter()).isEqualTo("good"));
        }
    }

    private void overHttp(String sql) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request =
                    HttpRequest.newBuilder(
                                    URI.create("http://127.0.0.1:" + gateway.port() + "/sql"))
                            .header(
                                    "Neon-Connection-String",
                                    "postgresql://alice:wonderland@ep-x.localhost/app")
                            .POST(
                                    HttpRequest.BodyPublishers.ofString(
                                            "{\"query\":\"" + sql + "\"}"))
                            .build();
            HttpResponse<String> response =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        }
    }

    @Test
    void cancelKeysStandForTheNewBackend() throws Exception {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            query(connection, "select 1");
            parkAll(1);
            CompletableFuture<String> failure =
                    CompletableFuture.supplyAsync(() -> {
                        try {
                            statement.execute("select pg_sleep(20)");
                            return "";
                        } catch (SQLException e) {
                            return e.getSQLState();
                        }
                    });
            // The driver asks once for each statement, and Postgres forgets what comes before it.
            try (Connection administrator = gateway.connect(TestGateway.login("postgres"))) {
                Awaitility.await()
                        .until(() ->
                                query(
                                                administrator,
                                                "select count(*) from pg_stat_activity where wait_event = 'PgSleep'")
                                        .equals("1"));
            }
            statement.cancel();
            assertThat(failure.join()).isEqualTo("57014");
            assertThat(query(connection, "select 1")).isEqualTo("1");
        }
    }

    @Test
    void aStatementThatIsCancelledWhileItsSessionIsResumedIsNotRun() throws Exception {
        try (Connection connection = connect();
                Connection administrator = gateway.connect(TestGateway.login("postgres"));
                Statement statement = connection.createStatement()) {
            execute(
                    administrator,
                    "drop table if exists public.never; create table public.never (i int); grant all on public.never to alice");
            query(connection, "select 1");
            parkAll(2);
            CompletableFuture<ComputeAddress> wake = new CompletableFuture<>();
            gateway.directory.waking = () -> wake;
            CompletableFuture<String> outcome =
                    CompletableFuture.supplyAsync(() -> {
                        try {
                            statement.execute("insert into public.never values (1)");
                            return "run";
                        } catch (SQLException e) {
                            return e.getSQLState();
                        }
                    });
            Awaitility.await().until(() -> gateway.gateway.clientsWaiting() == 1);
            statement.cancel();
            assertThat(outcome.get(20, TimeUnit.SECONDS)).isEqualTo("57014");
            // the next one is of no concern to that cancel request, and has its own
            CompletableFuture<String> next =
                    CompletableFuture.supplyAsync(() -> {
                        try {
                            return query(connection, "select 'next'");
                        } catch (SQLException e) {
                            return e.getSQLState();
                        }
                    });
            wake.complete(gateway.directory.address());
            gateway.directory.waking =
                    () -> CompletableFuture.completedFuture(gateway.directory.address());
            assertThat(next.get(20, TimeUnit.SECONDS)).isEqualTo("next");
            assertThat(query(administrator, "select count(*) from public.never")).isEqualTo("0");
            execute(administrator, "drop table public.never");
        }
    }

    /** What the client sends before, and after, it cancels; then what it is told, by types. */
    @ParameterizedTest
    @CsvSource({
        "'Q=select 1|Q=select 2','',EZ,TDCZ",
        "'P=select 1|B|E|S|P=select 2|B|E|S','',EZ,12DCZ",
        "'P=select 1|H','B|E|S|Q=select 2',EZ,TDCZ",
        "'Q=select 1','Q=select 2',EZ,TDCZ",
    })
    void ofSeveralRequestsTheFirstIsCancelled(
            String before, String after, String told, String answered) throws Exception {
        try (RawClient client = new RawClient(gateway.port());
                RawClient canceller = new RawClient(gateway.port())) {
            CancelRequest cancel = parkedClient(client);
            CompletableFuture<ComputeAddress> wake = new CompletableFuture<>();
            gateway.directory.waking = () -> wake;
            client.send(requests(before));
            Awaitility.await().until(() -> gateway.gateway.clientsWaiting() == 1);
            canceller.send(cancel);
            assertThat(canceller.readByte()).isEqualTo(-1);
            client.send(requests(after));
            assertThat(types(client, 1)).isEqualTo(told);
            wake.complete(gateway.directory.address());
            assertThat(types(client, 1)).isEqualTo(answered);
            assertThat(client.query("select 3")).containsExactly(List.of("3"));
            parkAll(1);
        }
    }

    /** Logs in, and has the session parked; returns what cancels its statement. */
    private CancelRequest parkedClient(RawClient client) throws Exception {
        client.startup(ProtocolVersion.V3_0, Map.of("user", "alice", "database", "app"));
        BackendKeyData key =
                client.login("wonderland").stream()
                        .filter(BackendKeyData.class::isInstance)
                        .map(BackendKeyData.class::cast)
                        .findFirst()
                        .orElseThrow();
        parkAll(1);
        return new CancelRequest(key.processId(), key.key());
    }

    @Test
    void aStatementOfWhichAPartHasComeIsCancelledWhole() throws Exception {
        try (RawClient client = new RawClient(gateway.port());
                RawClient canceller = new RawClient(gateway.port())) {
            CancelRequest cancel = parkedClient(client);
            CompletableFuture<ComputeAddress> wake = new CompletableFuture<>();
            gateway.directory.waking = () -> wake;
            byte[] large = requests("Q=select '" + "x".repeat(3_000_000) + "'");
            client.send(java.util.Arrays.copyOf(large, 1000));
            Awaitility.await().until(() -> gateway.gateway.clientsWaiting() == 1);
            canceller.send(cancel);
            assertThat(canceller.readByte()).isEqualTo(-1);
            wake.complete(gateway.directory.address());
            Awaitility.await().until(() -> gateway.gateway.metrics().sessionsResumedTotal() == 1);
            client.send(java.util.Arrays.copyOfRange(large, 1000, large.length));
            assertThat(types(client, 1)).isEqualTo("EZ");
            assertThat(client.query("select 3")).containsExactly(List.of("3"));
        }
    }

    private static byte[] requests(String messages) {
        io.netty.buffer.ByteBuf all = io.netty.buffer.Unpooled.buffer();
        for (String message : messages.isEmpty() ? new String[0] : messages.split("\\|")) {
            String sql = message.substring(Math.min(2, message.length()));
            switch (message.charAt(0)) {
                case 'Q' -> new dev.sluice.wire.frontend.Query(sql).encode(all);
                case 'P' -> new dev.sluice.wire.frontend.Parse("", sql, List.of()).encode(all);
                case 'B' ->
                        new dev.sluice.wire.frontend.Bind("", "", List.of(), List.of(), List.of())
                                .encode(all);
                case 'E' -> new dev.sluice.wire.frontend.Execute("", 0).encode(all);
                case 'H' -> new dev.sluice.wire.frontend.Flush().encode(all);
                default -> new dev.sluice.wire.frontend.Sync().encode(all);
            }
        }
        return io.netty.buffer.ByteBufUtil.getBytes(all);
    }

    /** The types of what comes, up to so many ReadyForQuery. */
    private static String types(RawClient client, int readies) throws IOException {
        StringBuilder types = new StringBuilder();
        for (int ready = 0; ready < readies; ) {
            dev.sluice.wire.backend.BackendMessage message = client.receive();
            switch (message) {
                case dev.sluice.wire.backend.ErrorResponse error -> {
                    assertThat(error.diagnostic().sqlState()).isEqualTo("57014");
                    types.append('E');
                }
                case dev.sluice.wire.backend.ReadyForQuery _ -> {
                    types.append('Z');
                    ready++;
                }
                case dev.sluice.wire.backend.RowDescription _ -> types.append('T');
                case dev.sluice.wire.backend.DataRow _ -> types.append('D');
                case dev.sluice.wire.backend.CommandComplete _ -> types.append('C');
                case dev.sluice.wire.backend.ParseComplete _ -> types.append('1');
                case dev.sluice.wire.backend.BindComplete _ -> types.append('2');
                case null -> throw new IOException("closed after " + types);
                default -> types.append('?');
            }
        }
        return types.toString();
    }

    @Test
    void aParkedSessionWaitsForASlowWakeAndSendsItsStatementOnce() throws Exception {
        try (Connection connection = connect();
                Connection administrator = gateway.connect(TestGateway.login("postgres"))) {
            execute(
                    administrator,
                    "drop table if exists public.once; create table public.once (i int); grant all on public.once to alice");
            query(connection, "select 1");
            parkAll(2);
            CompletableFuture<ComputeAddress> wake = new CompletableFuture<>();
            ComputeAddress nowhere = new ComputeAddress.UnixSocket(directory.resolve("nowhere"));
            gateway.directory.waking = () -> wake;
            CompletableFuture<Void> insert =
                    CompletableFuture.runAsync(() -> {
                        try {
                            execute(connection, "insert into public.once values (1)");
                        } catch (SQLException e) {
                            throw new IllegalStateException(e);
                        }
                    });
            Awaitility.await().until(() -> gateway.gateway.clientsWaiting() == 1);
            assertThat(insert).isNotDone();
            gateway.directory.waking =
                    () -> CompletableFuture.completedFuture(gateway.directory.address());
            wake.complete(nowhere);
            insert.get(20, TimeUnit.SECONDS);
            assertThat(query(administrator, "select count(*) from public.once")).isEqualTo("1");
            execute(administrator, "drop table public.once");
        }
    }

    @Test
    void aWakeThatFailsEndsTheSessionAndSaysThatNothingWasRun() throws Exception {
        try (RawClient client = login()) {
            parkAll(1);
            gateway.directory.waking =
                    () ->
                            CompletableFuture.failedFuture(
                                    new dev.sluice.gateway.routing.RoutingException(
                                            SqlState.CANNOT_CONNECT_NOW, "no room", "Wait."));
            client.send(new dev.sluice.wire.frontend.Query("select 1"));
            dev.sluice.wire.backend.Diagnostic last = client.lastWords();
            assertThat(last.sqlState()).isEqualTo("57P03");
            assertThat(last.message()).contains("no room");
            assertThat(last.field('D')).get().asString().contains("Nothing of the last request");
        }
    }

    @Test
    void aChangedPasswordEndsTheSessionWhenItComesBack() throws Exception {
        try (Connection administrator = gateway.connect(TestGateway.login("postgres"));
                RawClient client = new RawClient(gateway.port())) {
            String verifier = postgres.verifier("käthe").orElseThrow();
            client.startup(ProtocolVersion.V3_0, Map.of("user", "käthe", "database", "app"));
            client.login("pässwörd");
            parkAll(2);
            execute(administrator, "alter role \"käthe\" password 'another'");
            try {
                client.send(new dev.sluice.wire.frontend.Query("select 1"));
                dev.sluice.wire.backend.Diagnostic last = client.lastWords();
                assertThat(last.sqlState()).isEqualTo("57P01");
                assertThat(last.message()).contains("käthe", "may no longer log in");
            } finally {
                execute(administrator, "alter role \"käthe\" password '" + verifier + "'");
            }
        }
    }

    @Test
    void manySessionsOverManyCycles() throws Exception {
        int cycles = Integer.getInteger("sluice.parking.cycles", 5);
        List<Connection> connections = new java.util.ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                Connection connection = connect("prepareThreshold", "1");
                execute(connection, "set work_mem to '" + (1000 + i) + "kB'");
                connections.add(connection);
            }
            for (int cycle = 0; cycle < cycles; cycle++) {
                for (int i = 0; i < 20; i++) {
                    Connection connection = connections.get(i);
                    assertThat(query(connection, "select 'cycle'")).isEqualTo("cycle");
                    assertThat(
                                    query(
                                            connection,
                                            "select setting from pg_settings where name = 'work_mem'"))
                            .isEqualTo(Integer.toString(1000 + i));
                }
                parkAll(20);
            }
        } finally {
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    @Test
    void aComputeThatDiesUnderAnIdleSessionStillEndsIt() throws Exception {
        try (TestPostgres own = new TestPostgres();
                TestGateway front = new TestGateway(own, directory)) {
            try (Connection connection = front.connect()) {
                query(connection, "select 1");
                own.stop("QUIT");
                Awaitility.await().until(() -> front.gateway.sessions().isEmpty());
                assertThatThrownBy(() -> query(connection, "select 1"))
                        .isInstanceOf(SQLException.class);
            }
            own.start();
            try (Connection parked = front.connect()) {
                query(parked, "select 1");
                assertThat(front.gateway.park("ep-x", true).toCompletableFuture().join().parked())
                        .isOne();
                own.stop("QUIT");
                own.start();
                assertThat(query(parked, "select 2")).isEqualTo("2");
            }
        }
    }
}
