package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A plain Postgres 17 with a data directory of its own, for tests that want real WAL. Everything it
 * makes is under one temporary directory, which {@link #close} removes.
 */
public final class ThrowawayPostgres implements AutoCloseable {
    private static final String BINARIES = "/postgres-linux-x86_64.txz";
    private static final String NOBODY = "65534";
    private static final int ATTEMPTS = 3;

    private final Path directory;
    private final Path binaries;
    private final Path data;
    private int port;
    private @Nullable Process server;

    /**
     * Unpacks the binaries, runs {@code initdb} and starts the server.
     *
     * @param settings lines for {@code postgresql.conf}
     */
    public ThrowawayPostgres(String... settings) throws IOException, InterruptedException {
        directory = Files.createTempDirectory("sluice-wal-test");
        binaries = directory.resolve("bin");
        data = directory.resolve("data");
        try {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
            unpack();
            initialise(settings);
            start();
        } catch (IOException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private ThrowawayPostgres(Path binaries, Path source, List<String> settings)
            throws IOException, InterruptedException {
        this.directory = Files.createTempDirectory("sluice-wal-test");
        this.binaries = binaries;
        this.data = directory.resolve("data");
        try {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
            copy(source, data);
            configure(settings);
        } catch (IOException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * A second server on a copy of a data directory, not yet started. It uses this one's binaries,
     * so close it before this one.
     *
     * @param settings lines for {@code postgresql.conf}, after those that it has
     */
    public ThrowawayPostgres onCopyOf(Path source, String... settings)
            throws IOException, InterruptedException {
        return new ThrowawayPostgres(binaries, source, List.of(settings));
    }

    /** Copies a directory and all that is in it. */
    public static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(
                        file,
                        to.resolve(from.relativize(file)),
                        StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }

    /** The directory with the WAL segments. */
    public Path wal() {
        return data.resolve("pg_wal");
    }

    /** The data directory. */
    public Path data() {
        return data;
    }

    /** A new connection as superuser; the caller closes it. */
    public Connection connect() throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=postgres");
    }

    /** Starts the server on the data directory, and returns when it takes connections. */
    public void start() throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = probe.getLocalPort();
            }
            Process started =
                    asPostgres(
                            directory.resolve("log"),
                            bin("postgres"),
                            "-D",
                            data.toString(),
                            "-p",
                            Integer.toString(port));
            server = started;
            if (isReady(started)) {
                return;
            }
            if (attempt == ATTEMPTS) {
                throw new IOException(
                        "Postgres did not start: " + Files.readString(directory.resolve("log")));
            }
        }
    }

    private boolean isReady(Process started) throws InterruptedException {
        while (started.isAlive()) {
            try (Connection connection = connect()) {
                return connection.isValid(1);
            } catch (SQLException notYet) {
                if (started.waitFor(20, TimeUnit.MILLISECONDS)) {
                    return false;
                }
            }
        }
        return false;
    }

    /**
     * Has Postgres recover another data directory up to a record, as a server that was restored
     * from a backup does, and waits until it has stopped again. This one's server need not run.
     *
     * @param base a data directory, which becomes the recovered one; the server's user may write it
     * @param wal a folder of WAL segments that the server's user may read
     * @param last the start of the last record to be redone, a checkpoint
     */
    public void recover(Path base, Path wal, Lsn last) throws IOException, InterruptedException {
        if (isRoot()) {
            run("chown", "-R", NOBODY + ":" + NOBODY, base.toString());
        }
        run("chmod", "0700", base.toString());
        Files.createFile(base.resolve("recovery.signal"));
        Path log = directory.resolve("recovery.log");
        Process recovery =
                asPostgres(
                        log,
                        bin("postgres"),
                        "-D",
                        base.toString(),
                        "-c",
                        "listen_addresses=",
                        "-c",
                        "hot_standby=off",
                        "-c",
                        "restore_command=cp '" + wal + "/%f' '%p'",
                        "-c",
                        "recovery_target_lsn=" + last,
                        "-c",
                        "recovery_target_timeline=current",
                        "-c",
                        "recovery_target_action=shutdown");
        try {
            if (!recovery.waitFor(120, TimeUnit.SECONDS)) {
                throw new IOException("recovery does not end: " + Files.readString(log));
            }
        } finally {
            recovery.destroyForcibly();
        }
        if (!Files.readString(log).contains("recovery stopping after WAL location")) {
            throw new IOException("recovery failed: " + Files.readString(log));
        }
    }

    /** A fast shutdown: with a checkpoint, so that the WAL on disk is complete. */
    public void stop() throws IOException {
        Process running = server;
        if (running == null || !running.isAlive()) {
            return;
        }
        try {
            new ProcessBuilder("kill", "-INT", Long.toString(running.pid())).start().waitFor();
            if (!running.waitFor(60, TimeUnit.SECONDS)) {
                throw new IOException("Postgres did not stop");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while Postgres stopped");
        } finally {
            running.destroyForcibly();
        }
    }

    @Override
    public void close() throws IOException {
        try {
            stop();
        } finally {
            deleteAll(directory);
        }
    }

    private void initialise(String... settings) throws IOException, InterruptedException {
        Files.createDirectory(data);
        giveToPostgres(data);
        Process initdb =
                asPostgres(
                        directory.resolve("initdb.log"),
                        bin("initdb"),
                        "-D",
                        data.toString(),
                        "-U",
                        "postgres",
                        "-A",
                        "trust",
                        "-N",
                        "--no-instructions",
                        "--locale=C",
                        "-E",
                        "UTF8");
        if (initdb.waitFor() != 0) {
            throw new IOException(
                    "initdb failed: " + Files.readString(directory.resolve("initdb.log")));
        }
        configure(List.of(settings));
    }

    private void configure(List<String> settings) throws IOException, InterruptedException {
        Path socket = Files.createDirectory(directory.resolve("socket"));
        giveToPostgres(data);
        giveToPostgres(socket);
        Path configuration = data.resolve("postgresql.conf");
        List<String> lines = new ArrayList<>(Files.readAllLines(configuration));
        lines.add("unix_socket_directories = '" + socket + "'");
        lines.add("listen_addresses = '127.0.0.1'");
        lines.add("fsync = off");
        lines.addAll(settings);
        Files.write(configuration, lines);
    }

    private static void giveToPostgres(Path path) throws IOException, InterruptedException {
        if (isRoot()) {
            run("chown", "-R", NOBODY + ":" + NOBODY, path.toString());
        }
    }

    private Process asPostgres(Path log, String... command) throws IOException {
        List<String> whole = new ArrayList<>();
        if (isRoot()) {
            whole.addAll(
                    List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"));
        }
        whole.addAll(List.of(command));
        return new ProcessBuilder(whole)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static void run(String... command) throws IOException, InterruptedException {
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed");
        }
    }

    private String bin(String program) {
        return binaries.resolve(program).toString();
    }

    private void unpack() throws IOException {
        try (InputStream packed = ThrowawayPostgres.class.getResourceAsStream(BINARIES)) {
            if (packed == null) {
                throw new IOException("no " + BINARIES + " on the class path");
            }
            TarArchiveInputStream tar =
                    new TarArchiveInputStream(new XZCompressorInputStream(packed));
            for (TarArchiveEntry entry; (entry = tar.getNextEntry()) != null; ) {
                unpack(tar, entry, directory.resolve(entry.getName()).normalize());
            }
        }
    }

    private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path target)
            throws IOException {
        if (entry.isDirectory()) {
            Files.createDirectories(target);
            return;
        }
        Files.createDirectories(target.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
            return;
        }
        Files.copy(tar, target);
        boolean executable = (entry.getMode() & 0100) != 0;
        Files.setPosixFilePermissions(
                target, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
    }

    private static void deleteAll(Path directory) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(
                directory,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path visited, @Nullable IOException failure) throws IOException {
                        Files.delete(visited);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
