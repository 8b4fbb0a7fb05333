package dev.sluice.controlplane.cli;

import java.io.IOException;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Keeps a server busy for a while with what servers are for: logins of both kinds, statements and
 * commits. The JVM that records meanwhile what later servers start from (JEP 514) then also tells
 * them which of its code is run much, and how (JEP 515), so that they compile that first.
 */
@Command(name = "warm-up-server", hidden = true)
final class WarmUpServerCommand extends ClientCommand {
    private static final int CLIENTS = 4;
    private static final int STATEMENTS = 200;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "8")
    private int seconds;

    @Override
    void run(ApiClient api) throws IOException {
        LoginOptions login = new LoginOptions();
        String session = jdbc(login.connectionUri(api, project(api), "", false));
        String pooled = jdbc(login.connectionUri(api, project(api), "", true));
        try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            prepare(session);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                all.add(
                        clients.submit(() -> {
                            while (System.nanoTime() - end < 0) {
                                visit(pooled, STATEMENTS);
                                for (int j = 0; j < 10; j++) {
                                    visit(pooled, 1);
                                }
                                visit(session, STATEMENTS);
                            }
                            return null;
                        }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        } catch (SQLException | ExecutionException e) {
            throw new IOException("the server could not be warmed up: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static void prepare(String url) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            statement.execute("create table warm (id bigint generated always as identity, t text)");
        }
    }

    private static void visit(String url, int statements) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                PreparedStatement query = connection.prepareStatement("select ?::int, now()");
                Statement simple = connection.createStatement()) {
            for (int i = 0; i < statements; i++) {
                query.setInt(1, i);
                query.executeQuery().close();
                if (i % 4 == 3) {
                    simple.execute("insert into warm (t) values ('a row')");
                }
            }
        }
    }

    /** A connection string in the form that Postgres's driver for Java reads. */
    private static String jdbc(String connectionString) {
        URI uri = URI.create(connectionString);
        String[] user = uri.getRawUserInfo().split(":", 2);
        return "jdbc:postgresql://%s:%d%s?%s&user=%s&password=%s"
                .formatted(
                        uri.getHost(),
                        uri.getPort(),
                        uri.getRawPath(),
                        uri.getRawQuery(),
                        user[0],
                        user[1]);
    }
}
