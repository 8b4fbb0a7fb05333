package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** One server of a test, on a data folder of its own; stopped and removed when closed. */
final class Sluice implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What a program said. */
    record Result(int exitCode, String out, String err) {
        Result succeeded() {
            assertThat(exitCode).as("exit code; it said: %s%s", out, err).isZero();
            return this;
        }

        String line() {
            return out.strip();
        }
    }

    private final Path directory;
    private final Path data;

    Sluice() throws IOException {
        this("data");
    }

    /**
     * @param folder the data folder's path below a new directory
     */
    Sluice(String folder) throws IOException {
        directory = Files.createTempDirectory("sluice-system");
        data = directory.resolve(folder);
    }

    Path data() {
        return data;
    }

    /** Runs {@code ./sluice} with this server's data folder. */
    Result run(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(launcher().toString());
        int end = Arrays.asList(arguments).indexOf("--");
        List<String> own = List.of(arguments).subList(0, end < 0 ? arguments.length : end);
        command.addAll(own);
        command.add("--data");
        command.add(data.toString());
        command.addAll(List.of(arguments).subList(own.size(), arguments.length));
        return execute(Map.of(), command);
    }

    JsonNode json(String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--output");
        all.add("json");
        return JSON.readTree(run(all.toArray(String[]::new)).succeeded().out());
    }

    /**
     * {@code up -d} on any free port.
     *
     * @return the connection string
     */
    String up(String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("up", "-d", "--port", "0"));
        arguments.addAll(List.of(options));
        return run(arguments.toArray(String[]::new)).succeeded().line();
    }

    /** What the server's {@code /metrics} answers. */
    String metrics() throws IOException {
        String api = json("status").path("server").path("api_url").asText();
        try (InputStream in =
                URI.create(api.replaceFirst("/api/v2$", "/metrics")).toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    JsonNode branch(String name) throws IOException {
        for (JsonNode branch : json("status").path("branches")) {
            if (branch.path("name").asText().equals(name)) {
                return branch;
            }
        }
        throw new AssertionError("no branch " + name);
    }

    String connectionString(String branch) throws IOException {
        return run("connection-string", branch).succeeded().line();
    }

    /** One statement through psql; its rows, unaligned. */
    static String psql(String uri, String sql) throws IOException {
        return execute(Map.of(), List.of("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", uri, "-c", sql))
                .succeeded()
                .line();
    }

    static Result pgbench(String uri, String... options) throws IOException {
        List<String> command = new ArrayList<>();
        command.add("pgbench");
        command.addAll(List.of(options));
        command.add(uri);
        return execute(Map.of(), command);
    }

    static Result execute(Map<String, String> environment, List<String> command)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        CompletableFuture<String> err =
                CompletableFuture.supplyAsync(
                        () -> read(process.getErrorStream()),
                        task -> Thread.ofVirtual().start(task));
        String out = read(process.getInputStream());
        try {
            return new Result(process.waitFor(), out, err.join());
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IOException("interrupted", e);
        }
    }

    private static String read(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The repository's launcher: in the working directory or above it. */
    static Path launcher() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isExecutable(at.resolve("sluice")) && Files.exists(at.resolve("pom.xml"))) {
                return at.resolve("sluice");
            }
        }
        throw new IllegalStateException("no ./sluice above the working directory");
    }

    /** Postgres processes whose working directory is below this server's compute directories. */
    List<Long> postgresProcesses() throws IOException {
        Path computes = Path.of(json("status").path("server").path("computes").asText());
        return processesIn(computes);
    }

    static List<Long> processesIn(Path directory) throws IOException {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(process -> process.getFileName().toString().matches("[0-9]+"))
                    .filter(process -> worksIn(process, directory))
                    .map(process -> Long.parseLong(process.getFileName().toString()))
                    .toList();
        }
    }

    private static boolean worksIn(Path process, Path directory) {
        try {
            return Files.readSymbolicLink(process.resolve("cwd")).startsWith(directory);
        } catch (IOException e) {
            // It ended while we looked, or is not ours to look at.
            return false;
        }
    }

    /** {@code kill -9} of the server and of every process of its computes, at once. */
    void killEverything() throws IOException {
        JsonNode status = json("status");
        List<Long> victims = new ArrayList<>();
        for (JsonNode part : status.path("parts")) {
            victims.add(part.path("pid").asLong());
        }
        victims.add(status.path("server").path("pid").asLong());
        victims.addAll(processesIn(Path.of(status.path("server").path("computes").asText())));
        for (long pid : victims) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
        for (long pid : victims) {
            ProcessHandle.of(pid).ifPresent(handle -> handle.onExit().join());
        }
    }

    @Override
    public void close() throws IOException {
        run("down");
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
