package dev.sluice.compute.agent;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Sessions that commit in every way there is, others that build indexes beside them, and a record,
 * outside the database, of each row whose commit a client was told of. Rows with negative numbers
 * are written only by what is rolled back.
 */
final class CommitLoad implements AutoCloseable {
    static final int CLIENTS = 8;
    private static final long IDS_PER_CLIENT = 10_000_000;

    private final RunningCompute compute;
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Future<?>> sessions = new ArrayList<>();
    private volatile boolean ending;

    CommitLoad(RunningCompute compute) throws SQLException {
        this.compute = compute;
        TestStack.execute(
                compute,
                "CREATE TABLE committed (id bigint PRIMARY KEY, mark text NOT NULL)",
                "CREATE TABLE filler AS SELECT i, md5(i::text) AS word, i % 97 AS few"
                        + " FROM generate_series(1, 20000) i");
        for (int client = 0; client < CLIENTS; client++) {
            long first = client * IDS_PER_CLIENT + 1;
            sessions.add(threads.submit(session(sql -> commit(sql, first))));
        }
        sessions.add(threads.submit(session(this::buildIndexes)));
    }

    @FunctionalInterface
    private interface Work {
        void on(Connection sql) throws SQLException;
    }

    /** A session may only fail once the compute is being killed. */
    private Callable<Void> session(Work work) {
        return () -> {
            try (Connection sql = TestStack.connect(compute)) {
                work.on(sql);
            } catch (SQLException e) {
                if (!ending) {
                    throw e;
                }
            }
            return null;
        };
    }

    private void commit(Connection sql, long first) throws SQLException {
        try (Statement statement = sql.createStatement()) {
            for (long id = first; !ending; id += 2) {
                switch ((int) (id / 2 % 16)) {
                    case 3 -> commitWithSavepoint(sql, statement, id);
                    case 7 -> commitInTwoPhases(sql, statement, id);
                    case 11 -> rollBack(sql, statement, id);
                    default -> statement.execute(insert(id));
                }
                acknowledged.add(id);
            }
        }
    }

    private void commitWithSavepoint(Connection sql, Statement statement, long id)
            throws SQLException {
        sql.setAutoCommit(false);
        statement.execute(insert(id));
        Savepoint savepoint = sql.setSavepoint();
        statement.execute(insert(-id));
        sql.rollback(savepoint);
        statement.execute(insert(id + 1));
        sql.commit();
        sql.setAutoCommit(true);
        acknowledged.add(id + 1);
    }

    private static void commitInTwoPhases(Connection sql, Statement statement, long id)
            throws SQLException {
        sql.setAutoCommit(false);
        statement.execute(insert(id));
        statement.execute("PREPARE TRANSACTION 't" + id + "'");
        sql.setAutoCommit(true);
        statement.execute("COMMIT PREPARED 't" + id + "'");
    }

    private static void rollBack(Connection sql, Statement statement, long id) throws SQLException {
        sql.setAutoCommit(false);
        statement.execute(insert(-id));
        sql.rollback();
        sql.setAutoCommit(true);
        statement.execute(insert(id));
    }

    private static String insert(long id) {
        return "INSERT INTO committed VALUES (%d, md5('%d'))".formatted(id, id);
    }

    private void buildIndexes(Connection sql) throws SQLException {
        try (Statement statement = sql.createStatement()) {
            for (int round = 0; !ending; round++) {
                statement.execute("CREATE INDEX by_word ON filler (word)");
                statement.execute("CREATE INDEX by_few ON filler (few, i)");
                statement.execute("UPDATE filler SET few = few + 1 WHERE i % 20 = " + round % 20);
                statement.execute("DROP INDEX by_word, by_few");
                if (round % 32 == 2) {
                    statement.execute("SELECT pg_switch_wal()");
                }
                if (round % 8 == 5) {
                    statement.execute("CHECKPOINT");
                }
            }
        }
    }

    /** The rows whose commits clients were told of, so far. */
    Set<Long> acknowledged() {
        return acknowledged;
    }

    /** Fails if a session has failed. */
    void checkGoing() throws Exception {
        for (Future<?> session : sessions) {
            if (session.isDone()) {
                session.get();
                throw new AssertionError("a session ended by itself");
            }
        }
    }

    /** From now on sessions may lose their connections. */
    void expectEnd() {
        ending = true;
    }

    /** Waits until all sessions have noticed that the compute is gone. */
    void awaitEnd() throws InterruptedException, ExecutionException, TimeoutException {
        for (Future<?> session : sessions) {
            session.get(60, TimeUnit.SECONDS);
        }
    }

    @Override
    public void close() {
        ending = true;
        threads.shutdown();
    }
}
