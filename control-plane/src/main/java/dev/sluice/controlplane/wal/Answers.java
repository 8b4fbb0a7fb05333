package dev.sluice.controlplane.wal;

import dev.sluice.walservice.consensus.Configuration;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What came of asking all safekeepers of a timeline at once.
 *
 * @param given who did as asked
 * @param failures who did not, and why
 */
record Answers(Set<Long> given, Map<Long, String> failures) {

    /** What is asked of each. */
    interface Question {
        void ask(long node) throws IOException;
    }

    private record Answer(long node, @Nullable String failure) {}

    /**
     * Asks, and waits for all of them; for those that are left once a quorum has done as asked, no
     * longer than {@code patience}. They may do it later.
     */
    static Answers of(Configuration configuration, Duration patience, Question question)
            throws IOException {
        BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
        Map<Long, String> failures = new TreeMap<>();
        for (long node : configuration.everyone()) {
            failures.put(node, "no answer yet");
            Thread.ofVirtual()
                    .name("ask-safekeeper-" + node)
                    .start(() -> answers.add(ask(question, node)));
        }
        Set<Long> given = new TreeSet<>();
        try {
            for (int left = failures.size(); left > 0; left--) {
                Answer answer =
                        configuration.isQuorum(given::contains)
                                ? answers.poll(patience.toNanos(), TimeUnit.NANOSECONDS)
                                : answers.take();
                if (answer == null) {
                    break;
                }
                if (answer.failure() == null) {
                    given.add(answer.node());
                    failures.remove(answer.node());
                } else {
                    failures.put(answer.node(), answer.failure());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while asking safekeepers", e);
        }
        return new Answers(given, failures);
    }

    private static Answer ask(Question question, long node) {
        try {
            question.ask(node);
            return new Answer(node, null);
        } catch (IOException | RuntimeException e) {
            return new Answer(node, String.valueOf(e.getMessage()));
        }
    }

    /** Why some did not do as asked, in words. */
    String why() {
        return failures.entrySet().stream()
                .map(entry -> "safekeeper " + entry.getKey() + ": " + entry.getValue())
                .collect(Collectors.joining("; "));
    }
}
