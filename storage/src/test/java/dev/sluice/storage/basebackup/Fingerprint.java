package dev.sluice.storage.basebackup;

import dev.sluice.walservice.wal.ThrowawayPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a cluster holds, as a map from table to a hash over all its rows with their places and
 * transaction ids; catalogs too, in every database. Unlogged tables are not in it, they begin anew;
 * nor are sequences, which are logged ahead.
 */
final class Fingerprint {
    private static final String TABLES =
            """
            SELECT c.oid::regclass::text FROM pg_class c
            WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' ORDER BY 1\
            """;
    private static final String PREPARED =
            "SELECT string_agg(p::text, ' ' ORDER BY gid) FROM pg_prepared_xacts p";
    private static final String COMMIT_TIMES =
            """
            SELECT md5(string_agg(pg_xact_commit_timestamp(xmin)::text, ' ' ORDER BY ctid))
            FROM commits\
            """;
    private static final String ORIGINS =
            "SELECT string_agg(external_id || ' ' || remote_lsn, ' ' ORDER BY 1) FROM"
                    + " pg_replication_origin_status";

    private Fingerprint() {}

    static Map<String, String> of(ThrowawayPostgres postgres) throws SQLException {
        Map<String, String> all = new TreeMap<>();
        try (Connection main = postgres.connect()) {
            all.put("prepared", String.valueOf(value(main, PREPARED)));
            all.put("origins", String.valueOf(value(main, ORIGINS)));
            if (value(main, "SELECT to_regclass('commits')") != null) {
                all.put("commit times", String.valueOf(value(main, COMMIT_TIMES)));
            }
            for (String database : databases(main)) {
                try (Connection connection = connect(postgres, database)) {
                    for (String table : values(connection, TABLES)) {
                        all.put(
                                database + "." + table,
                                String.valueOf(value(connection, rows(table))));
                    }
                }
            }
        }
        return all;
    }

    static List<String> databases(Connection connection) throws SQLException {
        return values(connection, "SELECT datname FROM pg_database WHERE datallowconn ORDER BY 1");
    }

    static Connection connect(ThrowawayPostgres postgres, String database) throws SQLException {
        try (Connection main = postgres.connect()) {
            String url = main.getMetaData().getURL();
            String base = url.substring(0, url.lastIndexOf('/') + 1);
            return DriverManager.getConnection(base + database + "?user=postgres");
        }
    }

    static List<String> values(Connection connection, String query) throws SQLException {
        List<String> values = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                values.add(rows.getString(1));
            }
        }
        return values;
    }

    static String value(Connection connection, String query) throws SQLException {
        return values(connection, query).getFirst();
    }

    private static String rows(String table) {
        return "SELECT count(*) || ' ' || coalesce(md5(string_agg("
                + "ctid::text || ' ' || xmin || ' ' || xmax || ' ' || t::text,"
                + " ' ' ORDER BY ctid)), '') FROM "
                + table
                + " t";
    }
}
