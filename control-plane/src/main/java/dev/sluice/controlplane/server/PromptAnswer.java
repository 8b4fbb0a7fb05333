package dev.sluice.controlplane.server;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Asks a part that may hang: who wants to know how things are must not hang with it. */
final class PromptAnswer {
    private static final Duration LIMIT = Duration.ofSeconds(2);

    private PromptAnswer() {}

    /**
     * @throws IOException if there is no answer in time, or that is the answer
     */
    static <T> T of(String whom, Callable<T> question) throws IOException {
        FutureTask<T> answer = new FutureTask<>(question);
        Thread.ofVirtual().name("ask-" + whom).start(answer);
        try {
            return answer.get(LIMIT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new IOException(
                    "the " + whom + " does not answer within " + LIMIT.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IOException("asking the " + whom + " failed: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while asking the " + whom, e);
        }
    }
}
