package dev.sluice.benchmarks.wake;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * How long a client waits for its first row when nothing runs: a suspended endpoint behind the
 * gateway, beside a plain Postgres that is started on its local data directory.
 *
 * <p>Rounds alternate between the contenders, so that what else the machine does hits all of them.
 * A client of the same kind (pgjdbc, SCRAM) asks both; the endpoint's connection is TLS too. Plain
 * Postgres's clock runs from the start of its process, a wake's from the client's TCP connect.
 *
 * <p>Run by {@code benchmarks/wake}, which makes the databases. Arguments: rounds, then the command
 * lines and URLs of {@link Setup}, in its order.
 */
public final class Wake {
    private static final long LOOK_NANOS = 500_000;
    private static final int STATUS_LINE = 7;
    private static final String FIRST_ROW =
            "select bid, bbalance from pgbench_branches where bid = 1";

    /**
     * What is compared.
     *
     * @param label what the data is
     * @param postgres starts plain Postgres in the foreground; words separated by blanks
     * @param plainData its data directory
     * @param plainUrl the JDBC URL to reach it
     * @param suspend suspends the endpoint and waits for it
     * @param computeData the endpoint's compute data directory, which a cold wake finds deleted
     * @param url the JDBC URL of the endpoint
     */
    private record Setup(
            String label,
            String postgres,
            Path plainData,
            String plainUrl,
            String suspend,
            Path computeData,
            String url) {}

    private final Setup setup;

    private Wake(Setup setup) {
        this.setup = setup;
    }

    public static void main(String[] args) throws Exception {
        int rounds = Integer.parseInt(args[0]);
        Setup setup =
                new Setup(
                        args[1],
                        args[2],
                        Path.of(args[3]),
                        args[4],
                        args[5],
                        Path.of(args[6]),
                        args[7]);
        new Wake(setup).run(rounds);
    }

    private void run(int rounds) throws Exception {
        double[] plain = new double[rounds];
        double[] warm = new double[rounds];
        double[] cold = new double[rounds];
        // The first two warm up this JVM and the server's.
        for (int round = -2; round < rounds; round++) {
            int slot = Math.max(0, round);
            plain[slot] = plainStart();
            warm[slot] = wake(false);
            cold[slot] = wake(true);
        }
        print("plain start", plain, plain);
        print("warm wake", warm, plain);
        print("cold wake", cold, plain);
    }

    private double plainStart() throws Exception {
        long begin = System.nanoTime();
        Process postgres =
                new ProcessBuilder(setup.postgres().split(" "))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        awaitReady(postgres);
        firstRow(setup.plainUrl());
        double millis = (System.nanoTime() - begin) / 1e6;
        // SIGINT, a fast shutdown; Process.destroy would send SIGTERM, which waits for clients.
        execute("kill -INT " + postgres.pid());
        postgres.waitFor();
        return millis;
    }

    /** As {@code pg_ctl -w} does, by the postmaster's own word. */
    private void awaitReady(Process postgres) throws IOException {
        Path lock = setup.plainData().resolve("postmaster.pid");
        while (true) {
            if (!postgres.isAlive()) {
                throw new IOException("plain postgres did not start in " + setup.plainData());
            }
            if (Files.exists(lock)) {
                List<String> lines = Files.readString(lock).lines().toList();
                if (lines.size() > STATUS_LINE && lines.get(STATUS_LINE).strip().equals("ready")) {
                    return;
                }
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private double wake(boolean cold) throws Exception {
        execute(setup.suspend());
        if (cold) {
            delete(setup.computeData());
        }
        long begin = System.nanoTime();
        firstRow(setup.url());
        return (System.nanoTime() - begin) / 1e6;
    }

    private static void firstRow(String url) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(FIRST_ROW)) {
            if (!row.next()) {
                throw new SQLException("no row from " + FIRST_ROW);
            }
        }
    }

    private static void execute(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command.split(" ")).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command + " failed: " + said.strip());
        }
    }

    private static void delete(Path directory) throws IOException {
        List<Path> deepestFirst = new ArrayList<>();
        try (Stream<Path> all = Files.walk(directory)) {
            all.sorted(Comparator.reverseOrder()).forEach(deepestFirst::add);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        for (Path path : deepestFirst) {
            Files.deleteIfExists(path);
        }
    }

    private void print(String what, double[] millis, double[] plain) {
        System.out.printf(
                Locale.ROOT,
                "%-8s %-12s p50 %6.0f ms  p95 %6.0f ms  min %6.0f  max %6.0f   p50/plain %.2f, by round %.2f%n",
                setup.label(),
                what,
                percentile(millis, 0.5),
                percentile(millis, 0.95),
                percentile(millis, 0),
                percentile(millis, 1),
                percentile(millis, 0.5) / percentile(plain, 0.5),
                percentile(ratios(millis, plain), 0.5));
    }

    /** Round by round: what else the machine does disturbs these less. */
    private static double[] ratios(double[] millis, double[] plain) {
        double[] ratios = new double[millis.length];
        Arrays.setAll(ratios, i -> millis[i] / plain[i]);
        return ratios;
    }

    /** By the nearest rank. */
    private static double percentile(double[] values, double fraction) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[Math.max(0, (int) Math.ceil(fraction * sorted.length) - 1)];
    }
}
