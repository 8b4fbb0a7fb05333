package dev.sluice.controlplane.wal;

import dev.sluice.walservice.consensus.Configuration;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What came of asking all safekeepers of a timeline at once.
 *
 * @param given by who did as asked
 * @param failures who did not, and why
 */
record Answers<T>(Map<Long, T> given, Map<Long, String> failures) {

    /** What is asked of each. */
    interface Question<T> {
        T ask(long node) throws IOException;
    }

    private record Answer<T>(long node, @Nullable T given, String failure) {}

    /**
     * Asks, and waits for all of them; for those that are left once a quorum has done as asked, no
     * longer than {@code patience}. They may do it later.
     */
    static <T> Answers<T> of(Configuration configuration, Duration patience, Question<T> question)
            throws IOException {
        BlockingQueue<Answer<T>> answers = new LinkedBlockingQueue<>();
        Map<Long, String> failures = new TreeMap<>();
        for (long node : configuration.everyone()) {
            failures.put(node, "no answer yet");
            Thread.ofVirtual()
                    .name("ask-safekeeper-" + node)
                    .start(() -> answers.add(ask(question, node)));
        }
        Map<Long, T> given = new TreeMap<>();
        try {
            for (int left = failures.size(); left > 0; left--) {
                Answer<T> answer =
                        configuration.isQuorum(given::containsKey)
                                ? answers.poll(patience.toNanos(), TimeUnit.NANOSECONDS)
                                : answers.take();
                if (answer == null) {
                    break;
                }
                T value = answer.given();
                if (value != null) {
                    given.put(answer.node(), value);
                    failures.remove(answer.node());
                } else {
                    failures.put(answer.node(), answer.failure());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while asking safekeepers", e);
        }
        return new Answers<>(given, failures);
    }

    private static <T> Answer<T> ask(Question<T> question, long node) {
        try {
            return new Answer<>(node, question.ask(node), "");
        } catch (IOException | RuntimeException e) {
            return new Answer<>(node, null, String.valueOf(e.getMessage()));
        }
    }

    /** Why some did not do as asked, in words. */
    String why() {
        return failures.entrySet().stream()
                .map(entry -> "safekeeper " + entry.getKey() + ": " + entry.getValue())
                .collect(Collectors.joining("; "));
    }
}
