package dev.sluice.compute.shim;

import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.compute.process.ComputeUser;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A real Postgres on a data directory, started for a test and stopped by it. */
final class PostgresProcess implements AutoCloseable {
    static final String SUPERUSER = "cloud_admin";
    private static final long LIMIT_SECONDS = 60;

    private final Process process;
    private final int port;
    private final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    private PostgresProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    static PostgresProcess start(
            PostgresBinaries binaries,
            Path data,
            Map<String, String> environment,
            List<String> settings)
            throws Exception {
        PostgresProcess postgres = launch(binaries, data, environment, settings);
        try {
            postgres.ready.get(LIMIT_SECONDS, TimeUnit.SECONDS);
            return postgres;
        } catch (ExecutionException | TimeoutException e) {
            postgres.close();
            throw new IOException("Postgres did not start: " + postgres.log(), e);
        }
    }

    /** Starts without waiting until it is ready. */
    static PostgresProcess launch(
            PostgresBinaries binaries,
            Path data,
            Map<String, String> environment,
            List<String> settings)
            throws IOException {
        int port = freePort();
        List<String> command =
                new ArrayList<>(
                        List.of(
                                binaries.path("postgres").toString(),
                                "-D",
                                data.toString(),
                                "-cport=" + port,
                                "-clisten_addresses=127.0.0.1",
                                "-cunix_socket_directories=",
                                "-crestart_after_crash=off",
                                "-cfull_page_writes=off",
                                "-cwal_sync_method=fdatasync",
                                "-cshared_buffers=16MB",
                                "-clog_min_messages=warning"));
        settings.forEach(setting -> command.add("-c" + setting));
        ProcessBuilder builder =
                new ProcessBuilder(ComputeUser.current().command(command))
                        .redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        PostgresProcess postgres = new PostgresProcess(process, port);
        Thread.ofVirtual().start(postgres::readLog);
        return postgres;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void readLog() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line; (line = lines.readLine()) != null; ) {
                log.add(line);
                if (line.contains("ready to accept connections")) {
                    ready.complete(null);
                }
            }
        } catch (IOException e) {
            log.add("log ended: " + e);
        }
        ready.completeExceptionally(new IOException("Postgres has ended"));
    }

    long pid() {
        return process.pid();
    }

    String log() {
        return String.join("\n", log);
    }

    Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:%d/%s?user=%s".formatted(port, database, SUPERUSER));
    }

    /** Waits until it has ended by itself; its exit code. */
    int awaitEnd() {
        try {
            return process.onExit().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join().exitValue();
        } catch (CompletionException e) {
            throw new AssertionError("Postgres still runs: " + log(), e);
        }
    }

    /** A fast shutdown, checkpoint included. */
    void stop() throws IOException {
        signal("INT");
        if (awaitEnd() != 0) {
            throw new AssertionError("Postgres did not stop cleanly: " + log());
        }
    }

    private void signal(String name) throws IOException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .onExit()
                .join();
    }

    /** Ends it whatever its state. */
    @Override
    public void close() throws IOException {
        if (process.isAlive()) {
            signal("QUIT");
            awaitEnd();
        }
    }
}
