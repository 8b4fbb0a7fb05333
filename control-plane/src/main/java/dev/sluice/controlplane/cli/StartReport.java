package dev.sluice.controlplane.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * What a server that was started with {@code -d} tells the command that started it, in lines on its
 * standard output: {@code step TEXT} any number of times, then {@code ready CONNECTION-STRING} or
 * {@code failed TEXT}. After that nobody listens any more.
 */
final class StartReport {
    static final String STEP = "step ";
    static final String READY = "ready ";
    static final String FAILED = "failed ";

    private StartReport() {}

    static void step(String what) {
        write(STEP + what);
    }

    static void ready(String connectionString) {
        write(READY + connectionString);
        System.setOut(
                new PrintStream(
                        java.io.OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    }

    static void failed(Exception exception) {
        String message = exception.getMessage();
        write(FAILED + (message == null ? exception.toString() : message));
    }

    private static void write(String line) {
        try {
            System.out.write((line.replace('\n', ' ') + "\n").getBytes(StandardCharsets.UTF_8));
            System.out.flush();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
