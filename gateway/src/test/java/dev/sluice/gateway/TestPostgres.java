package dev.sluice.gateway;

import dev.sluice.wire.scram.ScramVerifier;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A stock Postgres 17 that listens on a Unix socket and demands SCRAM there, as a compute does. Its
 * roles are made with verifiers of our own making.
 */
final class TestPostgres implements AutoCloseable {
    static final Map<String, String> PASSWORDS =
            Map.of("postgres", "super secret", "alice", "wonderland", "käthe", "pässwörd");

    private static final String BINARIES = "/postgres-linux-x86_64.txz";
    private static final String NOBODY = "65534";

    private final Path directory;
    private final Path data;
    private final Map<String, String> verifiers;
    private @Nullable Process server;

    TestPostgres() throws IOException, InterruptedException {
        directory = Files.createTempDirectory("sluice-gw");
        data = directory.resolve("data");
        SecureRandom random = new SecureRandom();
        verifiers =
                PASSWORDS.entrySet().stream()
                        .collect(
                                Collectors.toUnmodifiableMap(
                                        Map.Entry::getKey,
                                        entry ->
                                                ScramVerifier.create(entry.getValue(), random)
                                                        .text()));
        try {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
            unpack();
            initialise();
            createRoles();
            start();
        } catch (IOException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    Path socketFile() {
        return directory.resolve("socket/.s.PGSQL.5432");
    }

    Optional<String> verifier(String role) {
        return Optional.ofNullable(verifiers.get(role));
    }

    void start() throws IOException {
        Process started = asPostgres("log", bin("postgres"), "-D", data.toString()).start();
        server = started;
        Awaitility.await("Postgres to start")
                .atMost(Duration.ofSeconds(60))
                .until(() -> !started.isAlive() || accepts());
        if (!started.isAlive()) {
            throw new IOException(
                    "Postgres did not start: " + Files.readString(directory.resolve("log")));
        }
    }

    private boolean accepts() {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(socketFile()))
                    && Files.readString(directory.resolve("log")).contains("ready to accept");
        } catch (IOException e) {
            return false;
        }
    }

    boolean isRunning() {
        Process running = server;
        return running != null && running.isAlive();
    }

    /** {@code INT} is a fast shutdown, {@code QUIT} an immediate one, {@code KILL} a crash. */
    void stop(String signal) throws IOException {
        Process running = server;
        if (running == null || !running.isAlive()) {
            return;
        }
        try {
            new ProcessBuilder("kill", "-" + signal, Long.toString(running.pid()))
                    .start()
                    .waitFor();
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
        stop("INT");
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void initialise() throws IOException, InterruptedException {
        Files.createDirectory(data);
        Files.createDirectory(directory.resolve("socket"));
        if (isRoot()) {
            finish(
                    new ProcessBuilder(
                            "chown",
                            NOBODY + ":" + NOBODY,
                            data.toString(),
                            directory + "/socket"));
        }
        finish(
                asPostgres(
                        "initdb.log",
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
                        "UTF8"));
        Files.writeString(
                data.resolve("pg_hba.conf"),
                "local all all scram-sha-256\nlocal replication all scram-sha-256\n");
        Path configuration = data.resolve("postgresql.conf");
        List<String> lines = new ArrayList<>(Files.readAllLines(configuration));
        lines.add("unix_socket_directories = '" + directory.resolve("socket") + "'");
        lines.add("listen_addresses = ''");
        lines.add("fsync = off");
        lines.add("wal_level = logical");
        Files.write(configuration, lines);
    }

    private void createRoles() throws IOException, InterruptedException {
        StringBuilder statements = new StringBuilder();
        verifiers.forEach((role, verifier) ->
                statements.append(
                        role.equals("postgres")
                                ? "ALTER ROLE postgres PASSWORD '%s';\n".formatted(verifier)
                                : "CREATE ROLE \"%s\" LOGIN PASSWORD '%s';\n"
                                        .formatted(role, verifier)));
        statements.append("CREATE DATABASE app OWNER alice;\n");
        Process single =
                asPostgres(
                                "single.log",
                                bin("postgres"),
                                "--single",
                                "-D",
                                data.toString(),
                                "postgres")
                        .start();
        try (OutputStream input = single.getOutputStream()) {
            input.write(statements.toString().getBytes(StandardCharsets.UTF_8));
        }
        if (single.waitFor() != 0) {
            throw new IOException(Files.readString(directory.resolve("single.log")));
        }
    }

    private ProcessBuilder asPostgres(String log, String... command) {
        List<String> whole = new ArrayList<>();
        if (isRoot()) {
            whole.addAll(
                    List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"));
        }
        whole.addAll(List.of(command));
        return new ProcessBuilder(whole)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve(log).toFile());
    }

    private static void finish(ProcessBuilder builder) throws IOException, InterruptedException {
        if (builder.start().waitFor() != 0) {
            throw new IOException(String.join(" ", builder.command()) + " failed");
        }
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private String bin(String program) {
        return directory.resolve("bin").resolve(program).toString();
    }

    private void unpack() throws IOException {
        try (InputStream packed = TestPostgres.class.getResourceAsStream(BINARIES)) {
            if (packed == null) {
                throw new IOException("no " + BINARIES + " on the class path");
            }
            TarArchiveInputStream tar =
                    new TarArchiveInputStream(new XZCompressorInputStream(packed));
            TarArchiveEntry entry = tar.getNextEntry();
            while (entry != null) {
                unpack(tar, entry, directory.resolve(entry.getName()).normalize());
                entry = tar.getNextEntry();
            }
        }
    }

    private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path target)
            throws IOException {
        if (entry.isDirectory()) {
            Files.createDirectories(target);
            return;
        }
        Files.createDirectories(target.resolveSibling("."));
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
            return;
        }
        Files.copy(tar, target);
        boolean executable = (entry.getMode() & 0100) != 0;
        Files.setPosixFilePermissions(
                target, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
    }
}
