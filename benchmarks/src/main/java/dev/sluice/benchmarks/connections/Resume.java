package dev.sluice.benchmarks.connections;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How long a client waits for the answer to its next statement when its session was parked: the
 * first one, which also wakes the compute, and the others, which find it awake. Each session has a
 * setting and a prepared statement that must be there again.
 *
 * <p>Run by {@code benchmarks/resume}. Arguments: a JDBC URL with parameters; the command that
 * suspends the endpoint; sessions; rounds.
 */
public final class Resume {
    private record Session(Connection connection, PreparedStatement statement) {}

    private Resume() {}

    public static void main(String[] arguments)
            throws SQLException, IOException, InterruptedException {
        int count = Integer.parseInt(arguments[2]);
        int rounds = Integer.parseInt(arguments[3]);
        List<Session> sessions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sessions.add(session(arguments[0], i));
        }
        double[] first = new double[rounds];
        double[] others = new double[rounds * (count - 1)];
        // The first two warm up this JVM and the server's.
        for (int round = -2; round < rounds; round++) {
            int slot = Math.max(0, round);
            Process suspend =
                    new ProcessBuilder(arguments[1].split(" "))
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            if (suspend.waitFor() != 0) {
                throw new IOException("cannot suspend: " + arguments[1]);
            }
            for (int i = 0; i < count; i++) {
                double millis = ask(sessions.get((i + round + 2) % count), (i + round + 2) % count);
                if (i == 0) {
                    first[slot] = millis;
                } else {
                    others[slot * (count - 1) + i - 1] = millis;
                }
            }
        }
        print("resume, and the compute woken", first);
        print("resume, the compute awake", others);
    }

    private static Session session(String url, int i) throws SQLException {
        Connection connection = DriverManager.getConnection(url + "&prepareThreshold=1");
        try (Statement statement = connection.createStatement()) {
            statement.execute("set application_name = 'session " + i + "'");
        }
        PreparedStatement prepared =
                connection.prepareStatement("select current_setting('application_name'), ?::int");
        Session session = new Session(connection, prepared);
        ask(session, i);
        return session;
    }

    private static double ask(Session session, int i) throws SQLException {
        long begin = System.nanoTime();
        session.statement().setInt(1, i);
        try (ResultSet row = session.statement().executeQuery()) {
            row.next();
            if (!row.getString(1).equals("session " + i) || row.getInt(2) != i) {
                throw new IllegalStateException("not the session that it was: " + row.getString(1));
            }
        }
        return (System.nanoTime() - begin) / 1e6;
    }

    private static void print(String what, double[] millis) {
        Arrays.sort(millis);
        String line =
                String.format(
                        Locale.ROOT,
                        "%-32s p50 %7.2f ms   p95 %7.2f ms   max %7.2f ms   (%d)%n",
                        what,
                        millis[millis.length / 2],
                        millis[(int) (millis.length * 0.95)],
                        millis[millis.length - 1],
                        millis.length);
        System.out.print(line);
    }
}
