package dev.sluice.controlplane.prompt;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks parts that may hang: who wants to know how things are must not hang with them. A part that
 * still owes an answer is not asked again before it has given it, so one that hangs costs its limit
 * once and not with every question, and questions do not pile up.
 */
public final class PromptAnswers {
    private static final Duration LIMIT = Duration.ofSeconds(2);

    private final Duration limit;
    private final Map<String, FutureTask<?>> owed = new ConcurrentHashMap<>();

    public PromptAnswers() {
        this(LIMIT);
    }

    public PromptAnswers(Duration limit) {
        this.limit = limit;
    }

    /**
     * @throws IOException if there is no answer in time, or that is the answer
     */
    public <T> T of(String whom, Callable<T> question) throws IOException {
        FutureTask<?> before = owed.get(whom);
        if (before != null) {
            if (!before.isDone()) {
                throw notInTime(whom);
            }
            owed.remove(whom, before);
        }
        FutureTask<T> answer = new FutureTask<>(question);
        Thread.ofVirtual().name("ask-" + whom).start(answer);
        try {
            return answer.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            owed.put(whom, answer);
            throw notInTime(whom);
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

    private IOException notInTime(String whom) {
        return new IOException(
                "the " + whom + " does not answer within " + limit.toSeconds() + " s");
    }
}
