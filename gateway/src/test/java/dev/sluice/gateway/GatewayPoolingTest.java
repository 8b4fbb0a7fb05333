package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.pooling.PoolSettings;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.NoticeResponse;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.frontend.Bind;
import dev.sluice.wire.frontend.Close;
import dev.sluice.wire.frontend.Execute;
import dev.sluice.wire.frontend.Parse;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.frontend.Sync;
import dev.sluice.wire.frontend.Target;
import dev.sluice.wire.frontend.Terminate;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLWarning;

/** pgjdbc through the pools of a gateway to a real Postgres. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
@Timeout(60)
class GatewayPoolingTest {
    @TempDir Path directory;

    private PooledGateway pooled;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        pooled =
                new PooledGateway(
                        postgres, directory, PooledGateway.settings(2, Duration.ofSeconds(20)));
    }

    @AfterEach
    void stop() {
        pooled.close();
    }

    private static String query(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** What the gateway said about the session keeping its server connection. */
    private static List<String> notices(Connection connection, String sql) throws SQLException {
        List<String> notices = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
            for (SQLWarning w = statement.getWarnings(); w != null; w = w.getNextWarning()) {
                notices.add(
                        w instanceof PSQLWarning warning
                                ? String.valueOf(warning.getServerErrorMessage())
                                : w.toString());
            }
        }
        return notices;
    }

    private int serverConnections() throws SQLException {
        try (Connection direct = pooled.direct()) {
            return Integer.parseInt(
                    query(
                            direct,
                            "select count(*) from pg_stat_activity where usename = 'alice'"
                                    + " and pid <> pg_backend_pid()"));
        }
    }

    /** What a session is asked is answered in bytes, and names of roles may be any. */
    @Test
    void aRoleWithAnyNameSharesServerConnections() throws SQLException {
        try (Connection client = pooled.connect("user", "käthe", "password", "pässwörd")) {
            assertThat(notices(client, "set statement_timeout = '1min'")).isEmpty();
            assertThat(pooled.gateway.gateway.pools().toCompletableFuture().join())
                    .allSatisfy(pool -> assertThat(pool.pinned()).isZero());
        }
    }

    /** Its computes are stopped after it, and ask it first. */
    @Test
    void aGatewayThatIsClosedHasNothingToPark() throws SQLException {
        try (Connection client = pooled.connect()) {
            query(client, "select 1");
            pooled.close();
        }
        assertThat(pooled.gateway.gateway.park("ep-x", true).toCompletableFuture())
                .isCompletedWithValue(new ParkReport(0, 0, List.of()));
        assertThat(pooled.gateway.gateway.pools().toCompletableFuture())
                .isCompletedWithValue(List.of());
    }

    @Test
    void manyClientsShareFewServerConnections() throws SQLException {
        List<Connection> clients = new ArrayList<>();
        Set<String> servers = new HashSet<>();
        try {
            for (int i = 0; i < 20; i++) {
                clients.add(pooled.connect());
            }
            for (Connection client : clients) {
                servers.add(query(client, "select pg_backend_pid()"));
            }
            assertThat(servers).hasSizeBetween(1, 2);
            assertThat(serverConnections()).isBetween(1, 2);
        } finally {
            for (Connection client : clients) {
                client.close();
            }
        }
    }

    @Test
    void aTransactionKeepsItsServerConnection() throws SQLException {
        try (Connection one = pooled.connect();
                Connection other = pooled.connect()) {
            one.setAutoCommit(false);
            String first = query(one, "select pg_backend_pid()");
            for (int i = 0; i < 5; i++) {
                assertThat(query(other, "select pg_backend_pid()")).isNotEqualTo(first);
                assertThat(query(one, "select pg_backend_pid()")).isEqualTo(first);
            }
            one.commit();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void preparedStatementsWorkOnAnyServerConnection(int threshold) throws Exception {
        String[] options = {"prepareThreshold", Integer.toString(threshold)};
        try (Connection one = pooled.connect(options);
                Connection other = pooled.connect(options);
                Connection blocker = pooled.connect(options)) {
            run(one, "create table if not exists prepared (id int, name text)");
            try (PreparedStatement insert =
                            one.prepareStatement("insert into prepared values (?, ?)");
                    PreparedStatement select =
                            other.prepareStatement("select name from prepared where id = ?")) {
                for (int i = 0; i < 12; i++) {
                    // now this server connection is taken, now that one
                    blocker.setAutoCommit(i % 3 == 0);
                    query(blocker, "select 1");
                    insert.setInt(1, i);
                    insert.setString(2, "n" + i);
                    assertThat(insert.executeUpdate()).isEqualTo(1);
                    select.setInt(1, i);
                    try (ResultSet rows = select.executeQuery()) {
                        assertThat(rows.next()).isTrue();
                        assertThat(rows.getString(1)).isEqualTo("n" + i);
                    }
                }
            }
            blocker.setAutoCommit(true);
            run(one, "drop table prepared");
        }
    }

    @Test
    void settingsAreTheClientsOnEveryServerConnection() throws SQLException {
        try (Connection one = pooled.connect("ApplicationName", "one");
                Connection other = pooled.connect("ApplicationName", "other")) {
            run(one, "set statement_timeout = '12s'");
            run(one, "set search_path = elsewhere, public");
            run(one, "set app.tenant = 'é'");
            for (int i = 0; i < 3; i++) {
                assertThat(query(other, "show statement_timeout")).isEqualTo("0");
                assertThat(query(other, "show application_name")).isEqualTo("other");
                assertThat(query(other, "select current_setting('app.tenant', true)"))
                        .isIn(null, "");
                assertThat(query(one, "show statement_timeout")).isEqualTo("12s");
                assertThat(query(one, "show search_path")).isEqualTo("elsewhere, public");
                assertThat(query(one, "show app.tenant")).isEqualTo("é");
                assertThat(query(one, "show application_name")).isEqualTo("one");
            }
            run(one, "reset all");
            assertThat(query(one, "show statement_timeout")).isEqualTo("0");
            run(one, "set role alice");
            assertThat(query(other, "show role")).isEqualTo("none");
            assertThat(query(one, "show role")).isEqualTo("alice");
        }
    }

    /** Postgres calls it TimeZone, whatever the client does. */
    @Test
    void whatWasSetAtStartupCanBeSetAgain() throws IOException {
        try (RawClient client =
                pooled.raw(
                        "timezone",
                        "Asia/Tokyo",
                        "options",
                        "endpoint=ep-x-pooler -c datestyle=SQL,DMY")) {
            assertThat(client.query("show timezone")).isEqualTo(List.of(List.of("Asia/Tokyo")));
            assertThat(client.query("show datestyle")).isEqualTo(List.of(List.of("SQL, DMY")));
            client.query("set timezone to 'Europe/Rome'");
            client.query("set datestyle to 'German, DMY'");
            for (int i = 0; i < 2; i++) {
                assertThat(client.query("show timezone"))
                        .isEqualTo(List.of(List.of("Europe/Rome")));
                assertThat(client.query("show datestyle"))
                        .isEqualTo(List.of(List.of("German, DMY")));
            }
            client.query("reset timezone");
            assertThat(client.query("show timezone")).isEqualTo(List.of(List.of("Asia/Tokyo")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reset all", "discard all", "reset app.tenant"})
    void aCustomSettingIsResetToWhatItBeganWith(String reset) throws IOException {
        try (RawClient client = pooled.raw("options", "endpoint=ep-x-pooler -c app.tenant=mine")) {
            client.query("set app.tenant to 'other'");
            assertThat(client.query("show app.tenant")).isEqualTo(List.of(List.of("other")));
            client.query(reset);
            assertThat(client.query("show app.tenant")).isEqualTo(List.of(List.of("mine")));
            client.query("set app.tenant to ''");
            assertThat(client.query("show app.tenant")).isEqualTo(List.of(List.of("")));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            textBlock =
                    """
                    create temp table t (i int)                          | temporary
                    select 1 into temporary table t                      | temporary
                    listen something                                     | LISTEN
                    select pg_advisory_lock(42)                          | advisory
                    declare c cursor with hold for select 1              | WITH HOLD
                    prepare p as select 1                                | PREPARE
                    select set_config(concat('app.', 'x'), 'y', false)   | computed name
                    """)
    void whatCannotBeSharedPinsWithANotice(String sql, String reason) throws SQLException {
        try (Connection one = pooled.connect();
                Connection other = pooled.connect();
                Connection third = pooled.connect()) {
            List<String> notices = notices(one, sql);
            assertThat(notices)
                    .singleElement()
                    .asString()
                    .contains("keeps its server connection", reason);
            String server = query(one, "select pg_backend_pid()");
            for (int i = 0; i < 3; i++) {
                assertThat(query(other, "select pg_backend_pid()")).isNotEqualTo(server);
                assertThat(query(third, "select pg_backend_pid()")).isNotEqualTo(server);
                assertThat(query(one, "select pg_backend_pid()")).isEqualTo(server);
            }
            assertThat(notices(one, "set work_mem = '5MB'")).isEmpty();
            run(one, "discard all");
            // both server connections are free again
            other.setAutoCommit(false);
            query(other, "select 1");
            third.setAutoCommit(false);
            query(third, "select 1");
            other.commit();
            third.commit();
        }
    }

    /**
     * Many drivers prepare a statement in one round trip and execute it in the next, each a
     * transaction: what the text is suspected of counts when it is executed.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            textBlock =
                    """
                    ""    | create temp table t (i int)          | temporary
                    ""    | listen something                     | LISTEN
                    ""    | select pg_advisory_lock(42)          | advisory
                    ""    | load 'plpgsql'                       | LOAD
                    named | listen something                     | LISTEN
                    named | load 'plpgsql'                       | LOAD
                    ""    | select set_config($1, 'x', false)    | computed name
                    named | select set_config($1, 'x', false)    | computed name
                    """)
    void aStatementThatIsExecutedLaterPinsThen(String name, String sql, String reason)
            throws IOException, SQLException {
        try (RawClient one = pooled.raw("user", "postgres");
                RawClient other = pooled.raw("user", "postgres")) {
            prepare(one, name, sql);
            other.query("select 1");
            List<String> notices =
                    sql.contains("$1") ? execute(one, name, "app.computed") : execute(one, name);
            boolean pinnedByText = reason.equals("LOAD") || reason.equals("computed name");
            if (!name.isEmpty() || !pinnedByText) {
                assertThat(notices)
                        .singleElement()
                        .asString()
                        .contains("keeps its server connection", reason);
            }
            String server = one.query("select pg_backend_pid()").toString();
            for (int i = 0; i < 3; i++) {
                assertThat(other.query("select pg_backend_pid()")).doesNotHaveToString(server);
                assertThat(other.query("select current_setting('app.computed', true)"))
                        .isEqualTo(List.of(List.of("NULL")));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"'',work_mem", "named,work_mem", "'',app.tenant", "named,app.tenant"})
    void aSettingThatIsMadeLaterStaysWithItsClient(
            String name, String setting, TestPostgres postgres) throws IOException {
        pooled.close();
        pooled =
                new PooledGateway(
                        postgres, directory, PooledGateway.settings(1, Duration.ofSeconds(20)));
        try (RawClient one = pooled.raw();
                RawClient other = pooled.raw()) {
            String show = "select current_setting('" + setting + "', true)";
            List<List<String>> before = other.query(show);
            prepare(one, name, "select set_config('" + setting + "', $1, false)");
            for (int i = 2; i < 5; i++) {
                assertThat(execute(one, name, i + "MB")).isEmpty();
                assertThat(other.query(show)).isIn(before, List.of(List.of("")));
                assertThat(one.query(show)).isEqualTo(List.of(List.of(i + "MB")));
                prepare(
                        one,
                        name.isEmpty() ? "" : "again" + i,
                        "select set_config('" + setting + "', $1, false)");
            }
        }
    }

    /** As on a connection of one's own: once it is prepared again, it is the new one. */
    @Test
    void aStatementWhoseTableHasOtherColumnsIsPreparedAgain() throws IOException {
        String sql = "select * from changing";
        try (RawClient one = pooled.raw();
                RawClient other = pooled.raw()) {
            one.query("drop table if exists changing");
            one.query("create table changing (a int)");
            prepare(one, "s", sql);
            execute(one, "s");
            other.query("begin");
            execute(one, "s");
            other.query("commit");
            one.query("alter table changing add b int");
            assertThatThrownBy(() -> execute(one, "s")).hasMessageContaining("0A000");
            one.await(ReadyForQuery.class);
            other.query("begin");
            prepare(other, "of other", sql);
            execute(other, "of other");
            one.send(new Close(Target.STATEMENT, "s"));
            prepare(one, "s", sql);
            execute(one, "s");
            other.query("commit");
            one.query("drop table changing");
        }
    }

    private static void prepare(RawClient client, String name, String sql) throws IOException {
        client.send(new Parse(name, sql, List.of()));
        client.send(new Sync());
        client.await(ReadyForQuery.class);
    }

    /** Executes a statement; the notices that it gave. */
    private static List<String> execute(RawClient client, String name, String... values)
            throws IOException {
        List<@Nullable ByteBuf> parameters = new ArrayList<>();
        for (String value : values) {
            parameters.add(Unpooled.copiedBuffer(value, StandardCharsets.UTF_8));
        }
        client.send(new Bind("", name, List.of(), parameters, List.of()));
        client.send(new Execute("", 0));
        client.send(new Sync());
        List<String> notices = new ArrayList<>();
        while (true) {
            switch (client.receive()) {
                case null -> throw new EOFException("closed while executing");
                case NoticeResponse notice -> notices.add(notice.diagnostic().toString());
                case ErrorResponse error -> throw new IOException(error.toString());
                case ReadyForQuery _ -> {
                    return notices;
                }
                default -> {
                    // nothing to keep
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set local work_mem = '5MB'",
                "select set_config('app.x', 'y', true)",
                "begin; create temp table t (i int) on commit drop; commit",
                "select pg_advisory_lock(1), pg_advisory_unlock(1)",
                "update pg_temp.none set x = 1",
                "select 1"
            })
    void whatEndsWithTheTransactionDoesNotPin(String sql) throws SQLException {
        try (Connection one = pooled.connect();
                Connection other = pooled.connect();
                Connection third = pooled.connect()) {
            try {
                assertThat(notices(one, sql)).noneMatch(notice -> notice.contains("keeps"));
            } catch (SQLException e) {
                assertThat(sql).startsWith("update");
            }
            other.setAutoCommit(false);
            query(other, "select 1");
            third.setAutoCommit(false);
            query(third, "select 1");
            other.commit();
            third.commit();
        }
    }

    @Test
    void copyBothWays() throws Exception {
        try (Connection one = pooled.connect()) {
            run(one, "create table copied (i int, t text)");
            StringBuilder rows = new StringBuilder();
            for (int i = 0; i < 50_000; i++) {
                rows.append(i).append("\tsome text for row ").append(i).append('\n');
            }
            long copied =
                    one.unwrap(PGConnection.class)
                            .getCopyAPI()
                            .copyIn("copy copied from stdin", new StringReader(rows.toString()));
            assertThat(copied).isEqualTo(50_000);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            one.unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyOut("copy (select * from copied order by i) to stdout", out);
            assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(rows.toString());
            assertThatThrownBy(() ->
                            one.unwrap(PGConnection.class)
                                    .getCopyAPI()
                                    .copyIn("copy copied from stdin", new StringReader("x\ty\n")))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).isEqualTo("22P02"));
            assertThat(query(one, "select count(*) from copied")).isEqualTo("50000");
            run(one, "drop table copied");
        }
    }

    @Test
    void aClientThatWaitsTooLongIsToldAndGoesOn(TestPostgres postgres) throws Exception {
        pooled.close();
        try (PooledGateway short1 =
                        new PooledGateway(
                                postgres,
                                directory,
                                PooledGateway.settings(1, Duration.ofMillis(300)));
                Connection one = short1.connect();
                Connection other = short1.connect()) {
            one.setAutoCommit(false);
            query(one, "select 1");
            assertThatThrownBy(() -> query(other, "select 2"))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).isEqualTo("53300"));
            one.commit();
            assertThat(query(other, "select 3")).isEqualTo("3");
        }
    }

    @Test
    void waitingClientsAreServedInTheirOrder() throws Exception {
        pooled.gateway.gateway.change(PooledGateway.settings(1, Duration.ofSeconds(20)));
        List<Connection> clients = new ArrayList<>();
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Integer> order = new java.util.concurrent.CopyOnWriteArrayList<>();
        try (Connection holder = pooled.connect()) {
            for (int i = 0; i < 6; i++) {
                clients.add(pooled.connect());
            }
            holder.setAutoCommit(false);
            query(holder, "select 1");
            List<CompletableFuture<Void>> answers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                int number = i;
                Connection client = clients.get(i);
                answers.add(
                        CompletableFuture.runAsync(
                                () -> {
                                    try {
                                        query(client, "select pg_sleep(0.01)");
                                        order.add(number);
                                    } catch (SQLException e) {
                                        throw new IllegalStateException(e);
                                    }
                                },
                                threads));
                int waiting = i + 1;
                Awaitility.await()
                        .until(() ->
                                pooled.gateway.gateway.sessions().stream()
                                                .filter(session ->
                                                        session.state() == SessionInfo.State.ACTIVE)
                                                .count()
                                        == waiting);
            }
            holder.commit();
            answers.forEach(CompletableFuture::join);
            assertThat(order).containsExactly(0, 1, 2, 3, 4, 5);
        } finally {
            for (Connection client : clients) {
                client.close();
            }
            threads.shutdown();
        }
    }

    @Test
    void aServerConnectionThatDiesIdleIsReplacedUnseen() throws SQLException {
        try (Connection one = pooled.connect();
                Connection direct = pooled.direct()) {
            String server = query(one, "select pg_backend_pid()");
            query(direct, "select pg_terminate_backend(" + server + ", 5000)");
            Awaitility.await().until(() -> pooled.servers() == 0);
            assertThat(query(one, "select pg_backend_pid()")).isNotEqualTo(server);
        }
    }

    @Test
    void aServerConnectionThatDiesInATransactionIsAnErrorAndTheClientGoesOn() throws Exception {
        try (Connection one = pooled.connect();
                Connection other = pooled.connect();
                Connection direct = pooled.direct()) {
            one.setAutoCommit(false);
            String server = query(one, "select pg_backend_pid()");
            query(direct, "select pg_terminate_backend(" + server + ", 5000)");
            assertThat(query(other, "select 1")).isEqualTo("1");
            assertThatThrownBy(() -> query(one, "select 2"))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).isIn("57P01", "08006"));
            one.rollback();
            assertThat(query(one, "select 3")).isEqualTo("3");
            one.commit();
            one.setAutoCommit(true);
            assertThatThrownBy(() -> query(one, "select pg_terminate_backend(pg_backend_pid())"))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).isEqualTo("57P01"));
            assertThat(query(one, "select 4")).isEqualTo("4");
        }
    }

    @Test
    void cancelReachesWhatRunsAndNothingElse() throws Exception {
        pooled.gateway.gateway.change(PooledGateway.settings(1, Duration.ofSeconds(20)));
        try (Connection one = pooled.connect();
                Connection other = pooled.connect()) {
            try (Statement sleeping = one.createStatement()) {
                CompletableFuture<Throwable> outcome = new CompletableFuture<>();
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                sleeping.execute("select pg_sleep(30)");
                                outcome.complete(new AssertionError("not cancelled"));
                            } catch (SQLException e) {
                                outcome.complete(e);
                            }
                        });
                Awaitility.await()
                        .until(() -> {
                            sleeping.cancel();
                            return outcome.isDone();
                        });
                assertThat(outcome.join())
                        .isInstanceOfSatisfying(
                                SQLException.class,
                                e -> assertThat(e.getSQLState()).isEqualTo("57014"));
            }
            // the only server connection runs something for another client: not to be cancelled
            try (Statement idle = one.createStatement()) {
                CompletableFuture<String> answer =
                        CompletableFuture.supplyAsync(() -> {
                            try {
                                return query(other, "select pg_sleep(0.5) || 'done'");
                            } catch (SQLException e) {
                                return e.getMessage();
                            }
                        });
                while (!answer.isDone()) {
                    idle.cancel();
                }
                assertThat(answer.join()).isEqualTo("done");
            }
        }
    }

    /** Postgres itself would notice when the time is over. */
    @Test
    void whatAClientThatIsCutOffHasRunningIsCancelled() throws Exception {
        String sql = "select pg_sleep(600), 'cut off'";
        try (Connection direct = pooled.direct()) {
            try (RawClient client = pooled.raw()) {
                client.send(new Query(sql));
                Awaitility.await().until(() -> running(direct, sql) == 1);
            }
            Awaitility.await().until(() -> running(direct, sql) == 0);
        }
    }

    @Test
    void whatAClientThatSaysGoodbyeHasRunningIsDone() throws Exception {
        String sql = "insert into goodbyes values (1)";
        try (Connection direct = pooled.direct()) {
            run(direct, "create table goodbyes (said int)");
            try (Connection locking = pooled.direct()) {
                locking.setAutoCommit(false);
                run(locking, "lock table goodbyes");
                try (RawClient client = pooled.raw()) {
                    client.send(new Query(sql));
                    client.send(new Terminate());
                }
                Awaitility.await().until(() -> running(direct, sql) == 1);
                locking.commit();
            }
            Awaitility.await()
                    .until(() -> query(direct, "select count(*) from goodbyes").equals("1"));
            run(direct, "drop table goodbyes");
        }
    }

    private static int running(Connection direct, String sql) throws SQLException {
        try (PreparedStatement count =
                direct.prepareStatement(
                        "select count(*) from pg_stat_activity where state = 'active' and query = ?")) {
            count.setString(1, sql);
            try (ResultSet rows = count.executeQuery()) {
                assertThat(rows.next()).isTrue();
                return rows.getInt(1);
            }
        }
    }

    @Test
    void aStatementThatWaitsForAServerConnectionIsCancelledThere() throws Exception {
        pooled.gateway.gateway.change(PooledGateway.settings(1, Duration.ofSeconds(20)));
        try (Connection holder = pooled.connect();
                Connection other = pooled.connect();
                Statement waiting = other.createStatement()) {
            run(holder, "create table never (i int)");
            holder.setAutoCommit(false);
            query(holder, "select 1");
            CompletableFuture<String> outcome =
                    CompletableFuture.supplyAsync(() -> {
                        try {
                            waiting.execute("insert into never values (1)");
                            return "run";
                        } catch (SQLException e) {
                            return e.getSQLState();
                        }
                    });
            Awaitility.await()
                    .until(() ->
                            pooled.gateway.gateway.pools().toCompletableFuture().join().stream()
                                    .anyMatch(pool -> pool.waiting() == 1));
            waiting.cancel();
            assertThat(outcome.get(10, java.util.concurrent.TimeUnit.SECONDS)).isEqualTo("57014");
            assertThat(query(holder, "select 2")).isEqualTo("2");
            holder.commit();
            assertThat(query(other, "select count(*) from never")).isEqualTo("0");
            run(other, "drop table never");
        }
    }

    @Test
    void aStatementIsCancelledWhileItsServerConnectionIsMadeReady(TestPostgres postgres)
            throws Exception {
        pooled.close();
        PoolSettings careful =
                PooledGateway.settings(wanted -> {
                    wanted.size = 1;
                    wanted.check = Duration.ofNanos(1);
                });
        try (PooledGateway asking = new PooledGateway(postgres, directory, careful);
                Connection one = asking.connect();
                Statement statement = one.createStatement()) {
            run(one, "create table never (i int)");
            String backend = query(one, "select pg_backend_pid()");
            signal("STOP", backend); // it gives no sign of life, for which every client waits here
            CompletableFuture<String> outcome;
            try {
                outcome =
                        CompletableFuture.supplyAsync(() -> {
                            try {
                                statement.execute("insert into never values (1)");
                                return "run";
                            } catch (SQLException e) {
                                return e.getSQLState();
                            }
                        });
                Awaitility.await()
                        .until(() ->
                                asking.gateway.gateway.pools().toCompletableFuture().join().stream()
                                        .anyMatch(pool -> pool.used() == 1));
                statement.cancel();
            } finally {
                signal("CONT", backend);
            }
            assertThat(outcome.get(10, java.util.concurrent.TimeUnit.SECONDS)).isEqualTo("57014");
            assertThat(query(one, "select count(*) from never")).isEqualTo("0");
            run(one, "drop table never");
        }
    }

    private static void signal(String name, String pid) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, pid).start().waitFor()).isZero();
    }

    @Test
    void theComputeIsAsleepAndTheNextTransactionWakesIt(TestPostgres postgres) throws Exception {
        try (Connection one = pooled.connect();
                Connection other = pooled.connect()) {
            assertThat(query(one, "select 1")).isEqualTo("1");
            run(other, "set statement_timeout = '7s'");
            ParkReport report =
                    pooled.gateway.gateway.park("ep-x", false).toCompletableFuture().join();
            assertThat(report.keeping()).isEmpty();
            assertThat(report.parked()).isEqualTo(2);
            Awaitility.await().until(() -> serverConnections() == 0);
            postgres.stop("INT");
            assertThat(one.isValid(5)).isTrue();
            postgres.start();
            assertThat(query(other, "show statement_timeout")).isEqualTo("7s");
            assertThat(query(one, "select 2")).isEqualTo("2");
        } finally {
            if (!postgres.isRunning()) {
                postgres.start();
            }
        }
    }

    @Test
    void aPinnedSessionKeepsTheComputeAwakeAndIsEndedWhenItMustStop() throws Exception {
        try (Connection one = pooled.connect()) {
            run(one, "create temp table t (i int)");
            assertThat(
                            pooled.gateway
                                    .gateway
                                    .park("ep-x", false)
                                    .toCompletableFuture()
                                    .join()
                                    .keeping())
                    .singleElement()
                    .asString()
                    .contains("temporary");
            assertThat(query(one, "select count(*) from t")).isEqualTo("0");
            assertThat(
                            pooled.gateway
                                    .gateway
                                    .park("ep-x", true)
                                    .toCompletableFuture()
                                    .join()
                                    .ended())
                    .isEqualTo(1);
            assertThatThrownBy(() -> query(one, "select 1"))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).isEqualTo("57P01"));
        }
    }

    @Test
    void aPinnedSessionsConnectionIsCleanForTheNext() throws Exception {
        pooled.gateway.gateway.change(PooledGateway.settings(1, Duration.ofSeconds(20)));
        String server;
        try (Connection one = pooled.connect()) {
            run(one, "create temp table t (i int)");
            run(one, "set work_mem = '7MB'");
            server = query(one, "select pg_backend_pid()");
        }
        try (Connection other = pooled.connect()) {
            assertThat(query(other, "select pg_backend_pid()")).isEqualTo(server);
            assertThat(query(other, "select to_regclass('pg_temp.t') is null")).isEqualTo("t");
            assertThat(query(other, "show work_mem")).isEqualTo("4MB");
        }
    }

    @Test
    void aWrongStartupSettingIsRefusedAtLogin() {
        assertThatThrownBy(() -> pooled.connect("options", "endpoint=ep-x-pooler -c work_mem=x"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("22023"));
        assertThatThrownBy(() -> pooled.connect("options", "endpoint=ep-x-pooler -S"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("0A000"));
    }
}
