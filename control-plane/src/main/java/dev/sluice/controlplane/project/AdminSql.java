package dev.sluice.controlplane.project;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/**
 * Connections to a compute as its administrator, {@value #ADMINISTRATOR}, through its Unix socket:
 * Postgres lets that role in by the operating system's word for who is asking ({@code peer}), so it
 * has no password.
 */
public final class AdminSql {
    public static final String ADMINISTRATOR = "cloud_admin";

    private AdminSql() {}

    public static Connection connect(Computes.Started compute, String database)
            throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", ADMINISTRATOR);
        properties.setProperty("socketFactory", UnixSocketFactory.class.getName());
        properties.setProperty("socketFactoryArg", compute.socketFile());
        properties.setProperty("sslmode", "disable");
        properties.setProperty("gssEncMode", "disable");
        properties.setProperty("ApplicationName", "sluice control plane");
        properties.setProperty("loginTimeout", "30");
        return DriverManager.getConnection(
                "jdbc:postgresql://localhost/"
                        + java.net.URLEncoder.encode(
                                database, java.nio.charset.StandardCharsets.UTF_8),
                properties);
    }

    /** An identifier as SQL takes it, whatever is in it. */
    public static String quoteIdentifier(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    /** A string constant as SQL takes it, whatever is in it. */
    public static String quoteLiteral(String text) {
        return (text.indexOf('\\') >= 0 ? " E'" : "'")
                + text.replace("\\", "\\\\").replace("'", "''")
                + "'";
    }
}
