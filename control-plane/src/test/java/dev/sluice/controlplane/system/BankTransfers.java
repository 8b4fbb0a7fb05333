package dev.sluice.controlplane.system;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients that move money between accounts, and their own record, outside the database, of every
 * transfer that they were told was committed. A client whose connection is lost connects again, and
 * makes another transfer: of the one that was under way it knows nothing.
 */
final class BankTransfers implements AutoCloseable {
    static final int ACCOUNTS = 50;
    static final int OPENING = 1000;
    private static final long PAUSE_NANOS = 50_000_000;

    private final String jdbc;
    private final Map<Integer, Long> acknowledgedAt = new ConcurrentHashMap<>();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicLong lastAcknowledged = new AtomicLong();
    private final Map<String, AtomicInteger> failures = new ConcurrentHashMap<>();
    private final List<Thread> clients = new ArrayList<>();
    private volatile boolean over;

    BankTransfers(String uri, int clients, long seed) throws IOException {
        Sluice.psql(
                uri,
                "create table account (id int primary key, balance bigint not null);"
                        + "create table transfer (id int primary key, debtor int, creditor int, amount int);"
                        + "insert into account select i, %d from generate_series(0, %d) i"
                                .formatted(OPENING, ACCOUNTS - 1));
        this.jdbc = SessionsIT.jdbc(uri) + "&connectTimeout=20&socketTimeout=60&loginTimeout=40";
        for (int client = 0; client < clients; client++) {
            Random random = new Random(seed + client);
            this.clients.add(
                    Thread.ofVirtual().name("client-" + client).start(() -> transfer(random)));
        }
    }

    private void transfer(Random random) {
        while (!over) {
            try (Connection connection = DriverManager.getConnection(jdbc)) {
                connection.setAutoCommit(false);
                while (!over) {
                    transfer(connection, random);
                }
            } catch (SQLException e) {
                failures.computeIfAbsent(
                                e.getSQLState() + " " + e.getMessage(), _ -> new AtomicInteger())
                        .incrementAndGet();
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private void transfer(Connection connection, Random random) throws SQLException {
        int id = next.incrementAndGet();
        int one = random.nextInt(ACCOUNTS);
        int other = (one + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
        int amount = 1 + random.nextInt(20);
        // The lower number first, so that no two wait for each other.
        move(connection, Math.min(one, other), one < other ? -amount : amount);
        move(connection, Math.max(one, other), one < other ? amount : -amount);
        try (PreparedStatement insert =
                connection.prepareStatement("insert into transfer values (?, ?, ?, ?)")) {
            insert.setInt(1, id);
            insert.setInt(2, one);
            insert.setInt(3, other);
            insert.setInt(4, amount);
            insert.executeUpdate();
        }
        connection.commit();
        long now = System.nanoTime();
        acknowledgedAt.put(id, now);
        lastAcknowledged.accumulateAndGet(now, Math::max);
    }

    private static void move(Connection connection, int account, int amount) throws SQLException {
        try (PreparedStatement update =
                connection.prepareStatement(
                        "update account set balance = balance + ? where id = ?")) {
            update.setInt(1, amount);
            update.setInt(2, account);
            update.executeUpdate();
        }
    }

    int acknowledged() {
        return acknowledgedAt.size();
    }

    /** When a transfer was last acknowledged, as {@link System#nanoTime}. */
    long lastAcknowledged() {
        return lastAcknowledged.get();
    }

    /** What clients were told instead, and how often. */
    Map<String, AtomicInteger> failures() {
        return new TreeMap<>(failures);
    }

    /** Ends the clients. */
    @Override
    public void close() {
        over = true;
        for (Thread client : clients) {
            try {
                client.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Of the transfers that were acknowledged, those that are not there. */
    String missing(String uri) throws IOException {
        // in pieces: a command line has its limits
        List<Integer> ids = new ArrayList<>(acknowledgedAt.keySet());
        StringBuilder missing = new StringBuilder();
        for (int from = 0; from < ids.size(); from += 10_000) {
            List<Integer> piece = ids.subList(from, Math.min(ids.size(), from + 10_000));
            missing.append(
                    Sluice.psql(
                            uri,
                            "select a from unnest('{%s}'::int[]) a where not exists (select from transfer where id = a)"
                                    .formatted(
                                            String.join(
                                                    ",",
                                                    piece.stream()
                                                            .map(String::valueOf)
                                                            .toList()))));
        }
        return missing.toString();
    }

    /** Accounts whose balance is not what the transfers make it. */
    static String unbalanced(String uri) throws IOException {
        return Sluice.psql(
                uri,
                "select a.id, a.balance from account a where a.balance <> %d - coalesce((select sum(amount) from transfer where debtor = a.id), 0) + coalesce((select sum(amount) from transfer where creditor = a.id), 0)"
                        .formatted(OPENING));
    }

    static String sum(String uri) throws IOException {
        return Sluice.psql(uri, "select sum(balance) from account");
    }
}
