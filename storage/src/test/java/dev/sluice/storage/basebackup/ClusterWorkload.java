package dev.sluice.storage.basebackup;

import dev.sluice.walservice.wal.ThrowawayPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** A bit of everything that leaves state outside of pages, in steps between which all is quiet. */
final class ClusterWorkload {
    /** Done after each step. */
    interface Quiet {
        void at(String step) throws Exception;
    }

    private final ThrowawayPostgres postgres;

    ClusterWorkload(ThrowawayPostgres postgres) {
        this.postgres = postgres;
    }

    void run(Quiet quiet) throws Exception {
        tables();
        quiet.at("tables");
        subtransactions();
        quiet.at("subtransactions");
        sharedLocks();
        quiet.at("multixacts");
        prepared();
        quiet.at("prepared transactions");
        maintenance();
        quiet.at("maintenance");
        databases();
        quiet.at("databases");
        catalogs();
        quiet.at("catalogs");
        manyTransactions();
        quiet.at("many transactions");
        execute("postgres", "DROP DATABASE by_copy", "CHECKPOINT");
        quiet.at("after a checkpoint");
    }

    private void tables() throws SQLException {
        execute(
                "postgres",
                "CREATE EXTENSION amcheck",
                "CREATE TABLE accounts (id int PRIMARY KEY, branch int, balance bigint, filler text)",
                "INSERT INTO accounts SELECT i, i % 10, 0, repeat('x', 60) FROM generate_series(1,"
                        + " 20000) i",
                "CREATE INDEX accounts_branch ON accounts (branch, balance)",
                "CREATE TABLE toasted (id serial PRIMARY KEY, big text)",
                "INSERT INTO toasted (big) SELECT string_agg(md5((i * j)::text), '') FROM"
                        + " generate_series(1, 30) i, generate_series(1, 400) j GROUP BY i",
                "CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, v text)",
                "INSERT INTO unlogged SELECT i, i::text FROM generate_series(1, 1000) i",
                "UPDATE accounts SET balance = balance + id WHERE id % 3 = 0",
                "DELETE FROM accounts WHERE id % 7 = 0",
                "CREATE TABLE commits (v int)",
                "INSERT INTO commits VALUES (1)",
                "INSERT INTO commits VALUES (2)");
    }

    private void subtransactions() throws SQLException {
        List<String> statements = new ArrayList<>();
        statements.add("BEGIN");
        for (int i = 0; i < 200; i++) {
            statements.add("SAVEPOINT s");
            statements.add("INSERT INTO accounts VALUES (" + (30000 + i) + ", 1, 1, 'sub')");
            statements.add(i % 3 == 0 ? "ROLLBACK TO s" : "RELEASE s");
        }
        statements.add("COMMIT");
        statements.addAll(
                List.of(
                        "BEGIN",
                        "UPDATE accounts SET balance = 1 WHERE id < 1000",
                        "CREATE TABLE never (i int)",
                        "INSERT INTO never SELECT generate_series(1, 5000)",
                        "ROLLBACK",
                        "SELECT pg_replication_origin_create('elsewhere')",
                        "SELECT pg_replication_origin_advance('elsewhere', '0/ABCDEF')",
                        "SELECT pg_logical_emit_message(true, 'prefix', 'content')"));
        execute("postgres", statements.toArray(String[]::new));
    }

    private void sharedLocks() throws SQLException {
        try (Connection one = postgres.connect();
                Connection two = postgres.connect();
                Connection three = postgres.connect()) {
            for (Connection each : List.of(one, two, three)) {
                each.setAutoCommit(false);
                try (Statement statement = each.createStatement()) {
                    statement.execute("SELECT * FROM accounts WHERE id < 4000 FOR SHARE");
                    statement.execute("SELECT * FROM toasted FOR KEY SHARE");
                }
            }
            one.commit();
            two.rollback();
            three.commit();
        }
    }

    private void prepared() throws SQLException {
        for (String name : List.of("kept", "committed", "aborted")) {
            execute(
                    "postgres",
                    "BEGIN",
                    "SAVEPOINT inner_one",
                    "INSERT INTO commits VALUES (" + name.length() + ")",
                    "RELEASE inner_one",
                    "SELECT * FROM accounts WHERE id = 5 FOR SHARE",
                    "CREATE TABLE " + name + " (i int)",
                    "PREPARE TRANSACTION '" + name + "'");
        }
        execute("postgres", "COMMIT PREPARED 'committed'", "ROLLBACK PREPARED 'aborted'");
    }

    private void maintenance() throws SQLException {
        execute(
                "postgres",
                "VACUUM accounts",
                "UPDATE accounts SET filler = 'y' WHERE id BETWEEN 100 AND 300",
                "DELETE FROM accounts WHERE id > 15000",
                "VACUUM (FREEZE) accounts",
                "INSERT INTO accounts SELECT i, 1, 1, 'again' FROM generate_series(15001, 16000) i",
                "CLUSTER toasted USING toasted_pkey",
                "CREATE TABLE truncated AS SELECT generate_series(1, 10000) i",
                "TRUNCATE truncated",
                "INSERT INTO truncated VALUES (1)",
                "ANALYZE");
    }

    private void databases() throws SQLException {
        execute("postgres", "CREATE DATABASE source");
        execute(
                "source",
                "CREATE TABLE here AS SELECT i, md5(i::text) FROM generate_series(1, 3000) i",
                "CREATE UNLOGGED TABLE gone (i int)",
                "VACUUM here");
        execute(
                "postgres",
                "CREATE DATABASE by_copy TEMPLATE source STRATEGY FILE_COPY",
                "CREATE DATABASE by_log TEMPLATE source STRATEGY WAL_LOG",
                "CREATE DATABASE dropped STRATEGY FILE_COPY",
                "DROP DATABASE dropped");
        execute("by_copy", "UPDATE here SET i = i + 1 WHERE i % 2 = 0");
        execute("by_log", "DELETE FROM here WHERE i % 2 = 0");
    }

    private void catalogs() throws SQLException {
        execute(
                "postgres",
                "CREATE ROLE somebody LOGIN PASSWORD 'secret'",
                "VACUUM FULL pg_authid",
                "VACUUM FULL pg_class",
                "VACUUM FULL pg_database",
                "ALTER TABLE unlogged SET LOGGED",
                "ALTER TABLE truncated SET UNLOGGED");
        execute("by_log", "VACUUM FULL pg_class", "REINDEX TABLE pg_attribute");
    }

    /** Enough to go over to the commit log's second page. */
    private void manyTransactions() throws SQLException {
        execute(
                "postgres",
                """
                CREATE PROCEDURE many() LANGUAGE plpgsql AS $$
                BEGIN
                  FOR i IN 1..33000 LOOP
                    PERFORM pg_current_xact_id();
                    COMMIT;
                  END LOOP;
                END $$\
                """,
                "CALL many()",
                "VACUUM FREEZE");
    }

    private void execute(String database, String... statements) throws SQLException {
        try (Connection connection = Fingerprint.connect(postgres, database);
                Statement statement = connection.createStatement()) {
            for (String each : statements) {
                statement.execute(each);
            }
        }
    }
}
