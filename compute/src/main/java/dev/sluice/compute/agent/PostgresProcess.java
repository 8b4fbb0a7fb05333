package dev.sluice.compute.agent;

import dev.sluice.compute.process.Signal;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/** A postmaster. */
final class PostgresProcess {
    /** Between two looks at the lock file; a look costs some 20 µs. */
    private static final long LOOK_NANOS = 500_000;

    private static final long LOG_LIMIT = 16 << 20;
    private static final int TAIL_BYTES = 4000;

    /** {@code LOCK_FILE_LINE_PM_STATUS} of {@code pidfile.h}, from 0. */
    private static final int STATUS_LINE = 7;

    private final Process process;
    private final Path data;
    private final Path log;
    private final long logStart;

    private PostgresProcess(Process process, Path data, Path log, long logStart) {
        this.process = process;
        this.data = data;
        this.log = log;
        this.logStart = logStart;
    }

    /**
     * Starts {@code postgres}.
     *
     * @param command the whole command line
     * @param environment its whole environment
     * @param log is appended to; when it has grown large, it is first renamed to {@code <log>.1}
     */
    static PostgresProcess start(
            List<String> command, Map<String, String> environment, Path data, Path log)
            throws IOException {
        long logStart = Files.exists(log) ? Files.size(log) : 0;
        if (logStart > LOG_LIMIT) {
            Files.move(
                    log,
                    log.resolveSibling(log.getFileName() + ".1"),
                    StandardCopyOption.REPLACE_EXISTING);
            logStart = 0;
        }
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(data.resolve("..").normalize().toFile())
                        .redirectErrorStream(true)
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().clear();
        builder.environment().putAll(environment);
        return new PostgresProcess(builder.start(), data, log, logStart);
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Calls back with the exit code, on a thread that must not be kept. */
    void whenEnded(IntConsumer callback) {
        CompletableFuture<?> _ =
                process.onExit().thenAccept(ended -> callback.accept(ended.exitValue()));
    }

    /**
     * Waits until the postmaster takes connections. It says so in its lock file, {@code
     * postmaster.pid}: asking there costs it nothing, while a connection that comes too early costs
     * it a process just when it is in a hurry.
     *
     * @throws IOException if it ends first or is not ready in time; with the end of its log
     */
    void awaitReady(Duration limit) throws IOException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!isReady()) {
            if (!process.isAlive()) {
                throw new IOException(
                        "postgres ended with exit code %d before it was ready:%n%s"
                                .formatted(process.exitValue(), logTail()));
            }
            if (System.nanoTime() > deadline) {
                throw new IOException(
                        "postgres was not ready after %d s:%n%s"
                                .formatted(limit.toSeconds(), logTail()));
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private boolean isReady() throws IOException {
        try {
            List<String> lines = Files.readString(data.resolve("postmaster.pid")).lines().toList();
            return lines.size() > STATUS_LINE
                    && lines.getFirst().strip().equals(Long.toString(pid()))
                    && lines.get(STATUS_LINE).strip().equals("ready");
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** The end of what this process logged. */
    String logTail() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            long from = Math.max(logStart, file.length() - TAIL_BYTES);
            byte[] tail = new byte[(int) Math.max(0, file.length() - from)];
            file.seek(from);
            file.readFully(tail);
            return new String(tail, StandardCharsets.UTF_8).strip();
        }
    }

    /**
     * Ends it: a fast shutdown, and when that takes longer than the limit, at once.
     *
     * @return whether it shut down by itself and without an error
     */
    boolean stop(Duration limit) throws IOException {
        Signal.INT.send(pid());
        if (awaitExit(limit)) {
            return process.exitValue() == 0;
        }
        kill();
        return false;
    }

    /** Ends it at once. Its children notice and end themselves. */
    void kill() throws IOException {
        if (process.isAlive()) {
            Signal.QUIT.send(pid());
            if (!awaitExit(Duration.ofSeconds(2))) {
                Signal.KILL.send(pid());
                if (!awaitExit(Duration.ofSeconds(30))) {
                    throw new IOException("postgres, process " + pid() + ", cannot be killed");
                }
            }
        }
    }

    /** Not {@link Process#waitFor}, which an interrupt would cut short. */
    private boolean awaitExit(Duration limit) throws IOException {
        try {
            process.onExit().get(limit.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IOException("cannot wait for process " + pid(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !process.isAlive();
        }
    }
}
