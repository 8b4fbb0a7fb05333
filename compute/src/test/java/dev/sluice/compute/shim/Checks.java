package dev.sluice.compute.shim;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Questions that tests ask a Postgres. */
final class Checks {
    /** Their content is what a test compares; {@code big} is too big to read whole. */
    private static final List<String> TABLES =
            List.of(
                    "branches",
                    "tellers",
                    "accounts",
                    "history",
                    "words",
                    "large",
                    "fleeting",
                    "emptied",
                    "pg_class",
                    "pg_proc",
                    "pg_attribute",
                    "pg_authid");

    private Checks() {}

    static String text(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return String.valueOf(rows.getString(1));
        }
    }

    static List<String> column(Connection connection, String query) throws SQLException {
        List<String> values = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                values.add(String.valueOf(rows.getString(1)));
            }
        }
        return values;
    }

    static void run(Connection connection, String... commands) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String command : commands) {
                statement.execute(command);
            }
        }
    }

    /** How many rows a table has and a sum over a hash of each. */
    static String checksum(Connection connection, String table) throws SQLException {
        return text(
                connection,
                "select count(*) || ' rows, ' || coalesce(sum(hashtextextended(t::text, 0)), 0)"
                        + " from "
                        + table
                        + " t");
    }

    static Map<String, String> checksums(Connection connection) throws SQLException {
        Map<String, String> sums = new TreeMap<>();
        for (String table : TABLES) {
            sums.put(table, checksum(connection, table));
        }
        return sums;
    }
}
