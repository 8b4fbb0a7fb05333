package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;

/** pgjdbc: extended queries, its names for statements, binary types, COPY, large objects. */
final class PgjdbcClient extends JavaClient {
    private static final EnumSet<Mode> SESSIONS = EnumSet.of(Mode.SESSION, Mode.IDLE);
    private static final EnumSet<Mode> ALL = EnumSet.allOf(Mode.class);

    private final Connection connection;
    private final PreparedStatement nextOne;

    PgjdbcClient(Server server, Mode mode) throws SQLException {
        super(server, mode);
        connection = connect("prepareThreshold", "1", "ApplicationName", "pgjdbc");
        execute("drop table if exists copied, kept");
        execute("create table copied (i int, t text)");
        execute("create table kept (i int primary key)");
        if (!pooled()) {
            execute("set app.tenant = 'Zoë'");
            execute("set time zone 'Asia/Kathmandu'");
            execute("listen news");
        }
        nextOne = connection.prepareStatement("select ?::int + 1");
        feature("simple", this::simple);
        feature("settings", SESSIONS, this::settings);
        feature("prepared", ALL, this::prepared);
        feature("binary-types", this::binaryTypes);
        feature("batches", this::batches);
        feature("copy-both-ways", this::copyBothWays);
        feature("large-rows", this::largeRows);
        feature("cursors", this::cursors);
        feature("transactions", ALL, this::transactions);
        feature("autosave", this::autosave);
        feature("errors", this::errors);
        feature("notifications", SESSIONS, this::notifications);
        feature("cancel", this::cancel);
        feature("notices", this::notices);
        feature("large-objects", this::largeObjects);
        feature("channel-binding", this::channelBinding);
        feature("direct-tls", this::directTls);
        feature("protocol-3.2", this::newerProtocol);
    }

    private Connection connect(String... properties) throws SQLException {
        Properties all = new Properties();
        all.setProperty("user", server.role());
        all.setProperty("password", server.password());
        all.setProperty("options", server.options());
        all.setProperty("sslmode", "verify-ca");
        all.setProperty("sslrootcert", server.authority().toString());
        for (int i = 0; i < properties.length; i += 2) {
            all.setProperty(properties[i], properties[i + 1]);
        }
        return DriverManager.getConnection(
                "jdbc:postgresql://%s:%d/%s"
                        .formatted(server.host(), server.port(), server.database()),
                all);
    }

    private void execute(String sql) throws SQLException {
        execute(connection, sql);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private String query(String sql) throws SQLException {
        return query(connection, sql);
    }

    private static String query(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }

    private static void refused(String state, Feature feature) {
        assertThatThrownBy(() -> feature.run(0))
                .isInstanceOfSatisfying(
                        SQLException.class,
                        error -> assertThat(error.getSQLState()).isEqualTo(state));
    }

    private void simple(int round) throws SQLException {
        try (Connection other = connect("preferQueryMode", "simple");
                Statement statement = other.createStatement()) {
            assertThat(statement.execute("select 1; select " + round)).isTrue();
            assertThat(statement.getMoreResults()).isTrue();
            try (ResultSet rows = statement.getResultSet()) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getInt(1)).isEqualTo(round);
            }
        }
    }

    private void settings(int round) throws SQLException {
        assertThat(query("select current_setting('app.tenant') || current_setting('timezone')"))
                .isEqualTo("ZoëAsia/Kathmandu");
        assertThat(query("show application_name")).isEqualTo("pgjdbc");
        assertThat(connection.unwrap(PGConnection.class).getParameterStatus("TimeZone"))
                .isEqualTo("Asia/Kathmandu");
    }

    private void prepared(int round) throws SQLException {
        for (int i = 0; i < 3; i++) {
            nextOne.setInt(1, round + i);
            try (ResultSet rows = nextOne.executeQuery()) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getInt(1)).isEqualTo(round + i + 1);
            }
        }
        try (PreparedStatement once =
                connection.prepareStatement("select ?::int8 + " + round + " as once")) {
            once.setLong(1, 1);
            try (ResultSet rows = once.executeQuery()) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getLong(1)).isEqualTo(1 + round);
            }
        }
    }

    private void binaryTypes(int round) throws SQLException {
        OffsetDateTime when = OffsetDateTime.of(2024, 2, 29, 12, 30, 45, 678_000, ZoneOffset.UTC);
        Array array = connection.createArrayOf("int4", new Integer[] {1, null, 3});
        String sql =
                "select ?::int8, ?::text, ?::timestamptz, ?::bytea, ?::int4[], ?::uuid, ?::float8, ?::bool, ?::text";
        for (int time = 0; time < 2; time++) {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setLong(1, 1L << 62);
                statement.setString(2, "ë 😀");
                statement.setObject(3, when);
                statement.setBytes(4, new byte[] {0, -1});
                statement.setArray(5, array);
                statement.setObject(6, new UUID(0, 7));
                statement.setDouble(7, 1.5);
                statement.setBoolean(8, true);
                statement.setString(9, null);
                try (ResultSet rows = statement.executeQuery()) {
                    assertThat(rows.next()).isTrue();
                    assertThat(rows.getLong(1)).isEqualTo(1L << 62);
                    assertThat(rows.getString(2)).isEqualTo("ë 😀");
                    assertThat(rows.getObject(3, OffsetDateTime.class).isEqual(when)).isTrue();
                    assertThat(rows.getBytes(4)).containsExactly(0, -1);
                    assertThat((Integer[]) rows.getArray(5).getArray()).containsExactly(1, null, 3);
                    assertThat(rows.getObject(6)).isEqualTo(new UUID(0, 7));
                    assertThat(rows.getDouble(7)).isEqualTo(1.5);
                    assertThat(rows.getBoolean(8)).isTrue();
                    assertThat(rows.getString(9)).isNull();
                }
            }
        }
    }

    private void batches(int round) throws SQLException {
        execute("truncate copied");
        try (PreparedStatement insert =
                connection.prepareStatement("insert into copied values (?, ?)")) {
            for (int i = 0; i < 2000; i++) {
                insert.setInt(1, i);
                insert.setString(2, "x");
                insert.addBatch();
            }
            assertThat(Arrays.stream(insert.executeBatch()).sum()).isEqualTo(2000);
        }
        assertThat(query("select sum(i) from copied")).isEqualTo("1999000");
    }

    private void copyBothWays(int round) throws Exception {
        execute("truncate copied");
        var copy = connection.unwrap(PGConnection.class).getCopyAPI();
        String text =
                IntStream.range(0, 20000)
                        .mapToObj(i -> i + "\trow " + i + "\n")
                        .collect(Collectors.joining());
        assertThat(copy.copyIn("copy copied from stdin", new StringReader(text))).isEqualTo(20000);
        StringWriter out = new StringWriter();
        copy.copyOut("copy (select * from copied order by i) to stdout", out);
        same(out.toString(), text);
        refused(
                "22P04",
                _ -> copy.copyIn("copy copied from stdin", new StringReader("1\tgood\n2\n")));
        var given = copy.copyIn("copy copied from stdin");
        byte[] row = "1\tgone\n".getBytes(StandardCharsets.UTF_8);
        given.writeToCopy(row, 0, row.length);
        given.cancelCopy();
        assertThat(query("select count(*) from copied")).isEqualTo("20000");
    }

    private void largeRows(int round) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("select ?::text, repeat('y', 5000000)")) {
            statement.setString(1, LARGE);
            try (ResultSet rows = statement.executeQuery()) {
                assertThat(rows.next()).isTrue();
                same(rows.getString(1), LARGE);
                same(rows.getString(2), "y".repeat(5_000_000));
            }
        }
    }

    private void cursors(int round) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(100);
            int next = 1;
            try (ResultSet rows = statement.executeQuery("select generate_series(1, 1000)")) {
                while (rows.next()) {
                    assertThat(rows.getInt(1)).isEqualTo(next++);
                }
            }
            assertThat(next).isEqualTo(1001);
            try (ResultSet half = statement.executeQuery("select generate_series(1, 1000)")) {
                assertThat(half.next()).isTrue();
            }
        } finally {
            connection.commit();
            connection.setAutoCommit(true);
        }
    }

    private void transactions(int round) throws SQLException {
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        try {
            execute("delete from kept");
            execute("insert into kept values (1)");
            Savepoint before = connection.setSavepoint();
            refused("23505", _ -> execute("insert into kept values (1)"));
            refused("25P02", _ -> execute("select 1"));
            connection.rollback(before);
            connection.commit();
            execute("insert into kept values (2)");
            connection.rollback();
        } finally {
            connection.setAutoCommit(true);
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        }
        assertThat(query("select array_agg(i) from kept")).isEqualTo("{1}");
    }

    private void autosave(int round) throws SQLException {
        try (Connection other = connect("autosave", "always")) {
            other.setAutoCommit(false);
            execute(other, "create temp table gone (i int) on commit drop");
            refused("22012", _ -> query(other, "select 1 / 0"));
            assertThat(query(other, "select count(*) from gone")).isEqualTo("0");
            other.rollback();
        }
    }

    private void errors(int round) throws SQLException {
        refused("42601", _ -> execute("selec"));
        refused("22012", _ -> query("select 1 / 0"));
        refused("42P01", _ -> query("select * from nowhere"));
        assertThat(query("select 1")).isEqualTo("1");
    }

    private void notifications(int round) throws SQLException {
        query("select pg_notify('news', '" + round + "')");
        PGNotification[] notes = connection.unwrap(PGConnection.class).getNotifications(10_000);
        assertThat(notes).extracting(PGNotification::getParameter).containsExactly("" + round);
    }

    private void cancel(int round) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            onceItSleeps(_ -> statement.cancel());
            refused("57014", _ -> statement.execute("select pg_sleep(60)"));
        }
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            refused("57014", _ -> statement.execute("select pg_sleep(60)"));
        }
        assertThat(query("select 1")).isEqualTo("1");
    }

    private void notices(int round) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("do $$ begin raise warning 'seen %', 42; end $$");
            assertThat(statement.getWarnings().getMessage()).isEqualTo("seen 42");
        }
    }

    private void largeObjects(int round) throws SQLException {
        connection.setAutoCommit(false);
        try {
            LargeObjectManager objects = connection.unwrap(PGConnection.class).getLargeObjectAPI();
            long oid = objects.createLO();
            byte[] bytes = ByteBuffer.allocate(400_000).putInt(399_996, 42).array();
            try (LargeObject object = objects.open(oid)) {
                object.write(bytes);
                object.seek(0);
                assertThat(object.read(bytes.length)).isEqualTo(bytes);
            }
            objects.delete(oid);
            connection.commit();
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private void channelBinding(int round) throws SQLException {
        try (Connection other = connect("channelBinding", "require")) {
            assertThat(query(other, "select 1")).isEqualTo("1");
        }
    }

    private void directTls(int round) throws SQLException {
        try (Connection other = connect("sslNegotiation", "direct", "channelBinding", "require")) {
            assertThat(query(other, "select 1")).isEqualTo("1");
        }
    }

    private void newerProtocol(int round) throws SQLException {
        try (Connection other = connect("protocolVersion", "3.2");
                Statement statement = other.createStatement()) {
            onceItSleeps(_ -> statement.cancel());
            refused("57014", _ -> statement.execute("select pg_sleep(60)"));
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
