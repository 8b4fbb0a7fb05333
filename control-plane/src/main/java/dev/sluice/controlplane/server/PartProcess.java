package dev.sluice.controlplane.server;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A part's process. It says on its standard output, in one line, {@code ready} and what its
 * supervisor needs to know, or {@code failed} and why; it ends when its standard input does.
 */
final class PartProcess {
    private static final Logger log = LoggerFactory.getLogger(PartProcess.class);
    private static final long STOP_LIMIT_SECONDS = 120;
    private static final long RESTART_PAUSE_NANOS = 200_000_000;

    /** Each try costs the start of a JVM, which the parts that can start need for themselves. */
    private static final long LONGEST_PAUSE_NANOS = 5_000_000_000L;

    private static final String STEP = "step ";
    private static final String READY = "ready ";
    private static final String FAILED = "failed ";

    /** Told when a part is ready again after it ended. */
    interface Listener {
        void restarted(PartProcess part, String ready);
    }

    private final String name;
    private final String address;
    private final String data;
    private final List<String> command;
    private final File errors;
    private final Listener listener;
    private volatile @Nullable Process process;
    private volatile boolean stopping;

    PartProcess(
            String name,
            String address,
            String data,
            List<String> command,
            Path logs,
            Listener listener) {
        this.name = name;
        this.address = address;
        this.data = data;
        this.command = List.copyOf(command);
        this.errors = logs.resolve(name.replace(' ', '-') + ".err").toFile();
        this.listener = listener;
    }

    String name() {
        return name;
    }

    String address() {
        return address;
    }

    String data() {
        return data;
    }

    long pid() {
        Process current = process;
        return current == null ? 0 : current.pid();
    }

    String state() {
        Process current = process;
        return current != null && current.isAlive() ? "running" : "starting";
    }

    /**
     * Starts it, and from then on again whenever it ends.
     *
     * @return what it said with {@code ready}
     */
    String start(Progress progress) throws IOException {
        String ready = launch(progress);
        keepRunning();
        return ready;
    }

    /** Starts it again and again, also if it never did start. */
    void keepRunning() {
        Thread.ofVirtual().name("watch-" + name).start(this::watch);
    }

    private String launch(Progress progress) throws IOException {
        Process started =
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.appendTo(errors))
                        .start();
        process = started;
        if (stopping) {
            started.destroy(); // stop() has seen the one before
        }
        BufferedReader lines = started.inputReader(StandardCharsets.UTF_8);
        for (String line; (line = lines.readLine()) != null; ) {
            if (line.startsWith(STEP)) {
                progress.step(line.substring(STEP.length()));
            } else if (line.startsWith(READY)) {
                return line.substring(READY.length());
            } else if (line.startsWith(FAILED)) {
                throw new IOException(name + ": " + line.substring(FAILED.length()));
            }
        }
        throw new IOException(name + " ended before it was ready; see " + errors);
    }

    private void watch() {
        long pause = RESTART_PAUSE_NANOS;
        while (!stopping) {
            Process current = process;
            if (current != null) {
                int code = current.onExit().join().exitValue();
                if (stopping) {
                    return;
                }
                log.warn("{} ended with exit code {}: starting it again", name, code);
            }
            LockSupport.parkNanos(pause);
            if (stopping) {
                return;
            }
            try {
                String ready = launch(step -> log.info("{}: {}", name, step));
                pause = RESTART_PAUSE_NANOS;
                listener.restarted(this, ready);
            } catch (IOException e) {
                log.error("cannot start {} again", name, e);
                pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
            }
        }
    }

    /** Ends it cleanly and waits; the hard way if that takes too long. */
    void stop() {
        stopping = true;
        Process current = process;
        if (current == null) {
            return;
        }
        current.destroy();
        try {
            current.onExit().get(STOP_LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException | InterruptedException e) {
            log.error("{} does not end: killing it", name, e);
            current.destroyForcibly();
            current.onExit().join();
        }
    }
}
