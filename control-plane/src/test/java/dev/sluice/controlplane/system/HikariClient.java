package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.TreeSet;

/** HikariCP with pgjdbc: a pool whose connections must all be good, and the same, in each round. */
final class HikariClient extends JavaClient {
    private static final int SIZE = 5;

    private final HikariDataSource pool;
    private final TreeSet<Integer> opened = new TreeSet<>();

    HikariClient(Server server, Mode mode) throws SQLException {
        super(server, mode);
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(
                "jdbc:postgresql://%s:%d/%s"
                        .formatted(server.host(), server.port(), server.database()));
        config.setUsername(server.role());
        config.setPassword(server.password());
        config.addDataSourceProperty("options", server.options());
        config.addDataSourceProperty("sslmode", "require");
        config.addDataSourceProperty("prepareThreshold", "1");
        config.setMinimumIdle(SIZE);
        config.setMaximumPoolSize(SIZE);
        if (!pooled()) {
            config.setConnectionInitSql("set app.tenant = 'seven'; set work_mem = '7MB'");
        }
        pool = new HikariDataSource(config);
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("drop table if exists pooled");
            statement.execute("create table pooled as select 0 as i");
        }
        feature("connections", EnumSet.allOf(Mode.class), this::connections);
        feature("settings", EnumSet.of(Mode.SESSION, Mode.IDLE), this::settings);
        feature("prepared", EnumSet.allOf(Mode.class), this::prepared);
        feature("transactions", this::transactions);
    }

    private interface Use {
        void with(Connection connection) throws SQLException;
    }

    private void all(Use use) throws SQLException {
        List<Connection> connections = new ArrayList<>();
        try {
            for (int i = 0; i < SIZE; i++) {
                Connection connection = pool.getConnection();
                connections.add(connection);
                use.with(connection);
            }
        } finally {
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    /** The pool did not have to replace any. */
    private void connections(int round) throws SQLException {
        TreeSet<Integer> now = new TreeSet<>();
        all(connection ->
                now.add(
                        System.identityHashCode(
                                connection.unwrap(org.postgresql.PGConnection.class))));
        if (round == 0) {
            opened.addAll(now);
        }
        assertThat(now).isEqualTo(opened);
    }

    private void settings(int round) throws SQLException {
        all(connection ->
                assertThat(
                                value(
                                        connection,
                                        "select current_setting('app.tenant') || current_setting('work_mem')"))
                        .isEqualTo("seven7MB"));
    }

    private void prepared(int round) throws SQLException {
        String before = read();
        all(connection -> {
            try (PreparedStatement update =
                    connection.prepareStatement("update pooled set i = i + ? returning 1")) {
                update.setInt(1, 1);
                assertThat(update.execute()).isTrue();
            }
        });
        assertThat(Integer.parseInt(read())).isEqualTo(Integer.parseInt(before) + SIZE);
    }

    private void transactions(int round) throws SQLException {
        String before = read();
        try (Connection connection = pool.getConnection()) {
            connection.setAutoCommit(false);
            connection.setReadOnly(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            try (Statement statement = connection.createStatement()) {
                statement.execute("update pooled set i = -1");
            }
            // Closed without a commit: the pool rolls back, and resets what was set.
        }
        assertThat(read()).isEqualTo(before);
    }

    private String read() throws SQLException {
        try (Connection connection = pool.getConnection()) {
            return value(connection, "select i from pooled");
        }
    }

    private static String value(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }

    @Override
    public void close() {
        pool.close();
    }
}
