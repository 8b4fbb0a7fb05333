package dev.sluice.controlplane.system;

import static org.awaitility.Awaitility.await;

import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.compute.process.ComputeUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A {@code postgres} as it is shipped, without the shim, as hot standby of a branch. Its directory
 * is a base backup of the branch's compute, taken with SQL alone.
 */
final class StockStandby implements AutoCloseable {
    /** What a base backup has no use for the content of; as in Postgres's basebackup.c. */
    private static final Set<String> EMPTY =
            Set.of(
                    "pg_wal",
                    "pg_replslot",
                    "pg_dynshmem",
                    "pg_notify",
                    "pg_serial",
                    "pg_snapshots",
                    "pg_stat_tmp",
                    "pg_subtrans",
                    "pg_tblspc");

    private static final Set<String> OWN =
            Set.of(
                    "postmaster.pid",
                    "postmaster.opts",
                    "postgresql.conf",
                    "postgresql.auto.conf",
                    "pg_hba.conf",
                    "pg_ident.conf");

    private static final String CONTROL = "global/pg_control";
    private static final int PIECE = 16 << 20;

    private final Path directory;
    private final Path data;
    private final ComputeUser user;
    private final PostgresBinaries binaries;
    private final String superuser;
    private @Nullable Process process;

    /**
     * Takes the base backup.
     *
     * @param superuser a superuser's connection to the branch
     */
    StockStandby(Connection superuser) throws IOException, SQLException {
        directory = Files.createTempDirectory("sluice-standby");
        data = Files.createDirectory(directory.resolve("data"));
        user = ComputeUser.current();
        binaries = PostgresBinaries.bundled(17);
        this.superuser = superuser.getMetaData().getUserName();
        for (String empty : EMPTY) {
            Files.createDirectories(data.resolve(empty));
        }
        try (Statement statement = superuser.createStatement()) {
            statement.execute("select pg_backup_start('standby', true)");
            copy(superuser, ".");
            copyFile(superuser, CONTROL);
            try (ResultSet rows =
                    statement.executeQuery("select labelfile from pg_backup_stop(false)")) {
                rows.next();
                Files.writeString(data.resolve("backup_label"), rows.getString(1));
            }
        }
        Files.createFile(data.resolve("standby.signal"));
        Files.writeString(data.resolve("pg_hba.conf"), "local all all trust\n");
        Files.createFile(data.resolve("pg_ident.conf"));
    }

    private void copy(Connection from, String directory) throws IOException, SQLException {
        List<String> directories = new ArrayList<>();
        List<String> files = new ArrayList<>();
        try (PreparedStatement list =
                from.prepareStatement(
                        "select name, (pg_stat_file(? || '/' || name, true)).isdir"
                                + " from pg_ls_dir(?, true, false) as name")) {
            list.setString(1, directory);
            list.setString(2, directory);
            try (ResultSet rows = list.executeQuery()) {
                while (rows.next()) {
                    String path =
                            directory.equals(".")
                                    ? rows.getString(1)
                                    : directory + "/" + rows.getString(1);
                    if (rows.getBoolean(2)) {
                        directories.add(path);
                    } else if (!rows.wasNull() && !OWN.contains(path) && !path.equals(CONTROL)) {
                        files.add(path);
                    }
                }
            }
        }
        for (String each : directories) {
            Files.createDirectories(data.resolve(each));
            if (!EMPTY.contains(each)) {
                copy(from, each);
            }
        }
        for (String each : files) {
            copyFile(from, each);
        }
    }

    private void copyFile(Connection from, String path) throws IOException, SQLException {
        try (PreparedStatement read =
                        from.prepareStatement("select pg_read_binary_file(?, ?, ?, true)");
                var out = Files.newOutputStream(data.resolve(path))) {
            for (long at = 0; ; at += PIECE) {
                read.setString(1, path);
                read.setLong(2, at);
                read.setLong(3, PIECE);
                try (ResultSet rows = read.executeQuery()) {
                    rows.next();
                    byte[] bytes = rows.getBytes(1);
                    if (bytes == null) {
                        return;
                    }
                    out.write(bytes);
                    if (bytes.length < PIECE) {
                        return;
                    }
                }
            }
        }
    }

    /** A file that this standby's user may read, and nobody else. */
    Path keep(Path secret) throws IOException {
        Path copy = directory.resolve(secret.getFileName());
        Files.copy(secret, copy);
        Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-------"));
        return copy;
    }

    /** Starts it, following the primary of this connection string. */
    void start(String primary) throws IOException {
        Files.writeString(
                data.resolve("postgresql.conf"),
                """
                listen_addresses = ''
                unix_socket_directories = '%s'
                primary_conninfo = '%s'
                wal_retrieve_retry_interval = 200ms
                hot_standby = on
                max_connections = 100
                max_prepared_transactions = 64
                fsync = off
                """
                        .formatted(directory, primary.replace("'", "''")));
        Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwx------"));
        user.ownAll(directory);
        List<String> command =
                user.command(List.of(binaries.path("postgres").toString(), "-D", data.toString()));
        process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log().toFile())
                        .start();
    }

    Path log() {
        return directory.resolve("log");
    }

    /** A statement's only answer there. */
    String ask(String database, String sql) throws IOException {
        return Sluice.execute(
                        Map.of(),
                        List.of(
                                "psql",
                                "-XAtq",
                                "-h",
                                directory.toString(),
                                "-U",
                                superuser,
                                "-d",
                                database,
                                "-c",
                                sql))
                .succeeded()
                .line();
    }

    void awaitAnswer(Duration limit, String database, String sql, String answer)
            throws IOException {
        try {
            await().atMost(limit)
                    .pollInterval(Duration.ofMillis(100))
                    .ignoreExceptionsMatching(e -> !(e instanceof InterruptedException))
                    .until(() -> ask(database, sql).equals(answer));
        } catch (org.awaitility.core.ConditionTimeoutException e) {
            throw new AssertionError(
                    "the standby did not get there:\n" + Files.readString(log()), e);
        }
    }

    @Override
    public void close() throws IOException {
        Process running = process;
        if (running != null) {
            // SIGTERM goes through setpriv, which has become postgres: a fast enough shutdown.
            running.destroy();
            try {
                if (!running.waitFor(20, TimeUnit.SECONDS)) {
                    running.destroyForcibly().waitFor();
                }
            } catch (InterruptedException e) {
                running.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
