package dev.sluice.gateway.pooling.statement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.pooling.statement.Expectations.Verdict;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ExpectationsTest {
    private final List<String> undone = new ArrayList<>();
    private final Expectations expected =
            new Expectations((kind, subject, byItself) ->
                    undone.add(kind + (byItself ? " by itself " : " skipped ") + subject));

    private void sent(byte... kinds) {
        for (byte kind : kinds) {
            assertThat(expected.sent(kind, null)).as("kind %d is sent", kind).isTrue();
        }
    }

    private void received(String types) {
        types.chars()
                .forEach(type ->
                        assertThat(expected.received((byte) type))
                                .as("%c", type)
                                .isEqualTo(Verdict.FORWARD));
    }

    private String ours() {
        StringBuilder all = new StringBuilder();
        for (byte type; (type = expected.ours()) != 0; ) {
            all.append((char) type);
        }
        return all.toString();
    }

    @Test
    void oneAnswerForEachMessage() {
        sent(Expectations.PARSE, Expectations.BIND, Expectations.DESCRIBE, Expectations.EXECUTE);
        assertThat(expected.isSynced()).isFalse();
        sent(Expectations.SYNC);
        assertThat(expected.isSynced()).isTrue();
        received("12TDDCZ");
        assertThat(expected.isSettled()).isTrue();
    }

    @Test
    void anAnswerThatNobodyAskedForIsNone() {
        assertThat(expected.received((byte) '1')).isEqualTo(Verdict.UNEXPECTED);
        assertThat(expected.received((byte) 'Z')).isEqualTo(Verdict.UNEXPECTED);
        sent(Expectations.BIND);
        assertThat(expected.received((byte) '3')).isEqualTo(Verdict.UNEXPECTED);
    }

    @Test
    void whatTheGatewayPutInIsAnsweredToNobody() {
        sent(Expectations.INJECTED_CLOSE, Expectations.INJECTED_PARSE, Expectations.BIND);
        assertThat(expected.received((byte) '3')).isEqualTo(Verdict.SWALLOW);
        assertThat(expected.received((byte) '1')).isEqualTo(Verdict.SWALLOW);
        received("2");
    }

    @Test
    void whatTheGatewayAnswersComesInItsTurn() {
        sent(Expectations.BIND, Expectations.EXECUTE, Expectations.FAKE_PARSE);
        sent(Expectations.FAKE_CLOSE, Expectations.SYNC);
        assertThat(ours()).isEmpty();
        received("2");
        assertThat(ours()).isEmpty();
        received("C");
        assertThat(ours()).isEqualTo("13");
        received("Z");
        assertThat(expected.isSettled()).isTrue();
    }

    @Test
    void afterAnErrorAllUpToTheSyncIsUndoneTheLastFirst() {
        expected.sent(Expectations.PARSE, "a");
        expected.sent(Expectations.FAKE_CLOSE, "b");
        expected.sent(Expectations.SYNC, null);
        expected.sent(Expectations.PARSE, "c");
        expected.sent(Expectations.SYNC, null);
        received("E");
        assertThat(undone)
                .containsExactly(
                        Expectations.FAKE_CLOSE + " skipped b",
                        Expectations.PARSE + " by itself a");
        assertThat(expected.isSkipping()).isFalse();
        received("Z1Z");
    }

    @Test
    void whatFollowsAnErrorIsNotSentBeforeTheSync() {
        sent(Expectations.PARSE);
        received("E");
        assertThat(expected.isSkipping()).isTrue();
        assertThat(expected.isSettled()).isFalse();
        assertThat(expected.sent(Expectations.BIND, null)).isFalse();
        assertThat(expected.sent(Expectations.QUERY, null)).isFalse();
        sent(Expectations.SYNC);
        received("Z");
        assertThat(expected.isSettled()).isTrue();
    }

    @Test
    void anErrorOfAQueryIsFollowedByItsReadyForQuery() {
        sent(Expectations.QUERY, Expectations.QUERY);
        received("TDCEZTDCZ");
        assertThat(undone).isEmpty();
        assertThat(expected.isSettled()).isTrue();
    }

    @Test
    void copyIgnoresSyncUntilItEnds() {
        sent(Expectations.PARSE, Expectations.BIND, Expectations.EXECUTE, Expectations.SYNC);
        received("12G");
        assertThat(expected.isReadyDue()).isFalse();
        sent(Expectations.COPY_END, Expectations.SYNC);
        received("CZ");
        assertThat(expected.isSettled()).isTrue();
    }

    @Test
    void aSyncInTheMiddleOfCopyDataLeavesItOpenWhatIsDue() {
        sent(Expectations.QUERY);
        received("G");
        sent(Expectations.SYNC);
        assertThat(expected.isDoubtful()).isTrue();
    }

    @Test
    void dataOfACopyThatFailedIsNotWaitedFor() {
        sent(Expectations.QUERY);
        received("G");
        received("EZ");
        assertThat(expected.sent(Expectations.COPY_END, null)).isFalse();
        assertThat(expected.isSettled()).isTrue();
    }

    @Test
    void whoAnswersInTheServersPlaceTakesWhatIsDue() {
        expected.sent(Expectations.PARSE, "a");
        expected.sent(Expectations.SYNC, null);
        expected.undoAll();
        assertThat(undone).hasSize(2);
        assertThat(expected.abandon()).isEqualTo(Expectations.PARSE);
        assertThat(expected.abandon()).isEqualTo(Expectations.SYNC);
        assertThat(expected.abandon()).isZero();
    }

    // Random pipelines

    /** A message of a pipeline, and whether the server refuses it. */
    private record Message(byte kind, boolean fails, int number) {
        boolean isSeenByServer() {
            return switch (kind) {
                case Expectations.FAKE_PARSE, Expectations.FAKE_CLOSE -> false;
                default -> true;
            };
        }

        boolean isOfClient() {
            return kind != Expectations.INJECTED_PARSE && kind != Expectations.INJECTED_CLOSE;
        }

        /** What answers it, if it is not refused. */
        String answer() {
            return switch (kind) {
                case Expectations.PARSE, Expectations.FAKE_PARSE, Expectations.INJECTED_PARSE ->
                        "1";
                case Expectations.BIND -> "2";
                case Expectations.CLOSE, Expectations.FAKE_CLOSE, Expectations.INJECTED_CLOSE ->
                        "3";
                case Expectations.DESCRIBE -> "T";
                case Expectations.EXECUTE -> "DDC";
                case Expectations.SYNC -> "Z";
                default -> fails ? "TE" : "TDC";
            };
        }
    }

    private static List<Message> pipeline(Random random) {
        byte[] kinds = {
            Expectations.PARSE,
            Expectations.INJECTED_PARSE,
            Expectations.FAKE_PARSE,
            Expectations.BIND,
            Expectations.BIND,
            Expectations.DESCRIBE,
            Expectations.CLOSE,
            Expectations.INJECTED_CLOSE,
            Expectations.FAKE_CLOSE,
            Expectations.EXECUTE,
            Expectations.EXECUTE,
            Expectations.QUERY,
            Expectations.SYNC,
            Expectations.SYNC
        };
        List<Message> messages = new ArrayList<>();
        int length = 1 + random.nextInt(60);
        for (int i = 0; i < length; i++) {
            Message message = new Message(kinds[random.nextInt(kinds.length)], false, i);
            boolean mayFail = message.isSeenByServer() && message.kind() != Expectations.SYNC;
            messages.add(new Message(message.kind(), mayFail && random.nextInt(12) == 0, i));
        }
        messages.add(new Message(Expectations.SYNC, false, length));
        return messages;
    }

    /** A server that would see all of the client's messages: what it answers, what it skips. */
    private static String ideal(List<Message> messages, List<Integer> skipped) {
        StringBuilder answers = new StringBuilder();
        boolean skipping = false;
        for (Message message : messages) {
            if (message.kind() == Expectations.SYNC) {
                skipping = false;
            } else if (skipping) {
                skipped.add(message.number());
                continue;
            }
            if (message.kind() == Expectations.QUERY) {
                answers.append(message.answer()).append('Z');
            } else if (message.fails()) {
                answers.append('E');
                skipped.add(message.number());
                skipping = true;
            } else if (message.isOfClient()) {
                answers.append(message.answer());
            }
        }
        return answers.toString();
    }

    /** The real one sees what is sent, some time after it was. */
    private static final class Server {
        private final Deque<Message> coming = new ArrayDeque<>();
        private boolean skipping;

        /** What it says to the next message; null if nothing has come. */
        @Nullable String next() {
            Message message = coming.poll();
            if (message == null) {
                return null;
            }
            if (message.kind() == Expectations.SYNC) {
                skipping = false;
            } else if (skipping) {
                return "";
            }
            if (message.kind() == Expectations.QUERY) {
                return message.answer() + "Z";
            }
            skipping = message.fails();
            return skipping ? "E" : message.answer();
        }
    }

    @Test
    void randomPipelinesAreAnsweredAsByAServerThatSeesThemWhole() {
        long seed = Long.getLong("sluice.seed", new Random().nextLong());
        Random random = new Random(seed);
        for (int round = 0; round < 5000; round++) {
            List<Message> messages = pipeline(random);
            try {
                play(messages, random);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        "-Dsluice.seed=%d, round %d: %s".formatted(seed, round, messages), e);
            }
        }
    }

    private static void play(List<Message> messages, Random random) {
        List<Integer> skipped = new ArrayList<>();
        String ideal = ideal(messages, skipped);
        List<Object> undone = new ArrayList<>();
        List<Integer> notSent = new ArrayList<>();
        Expectations expected =
                new Expectations((_, subject, _) -> {
                    if (subject != null) {
                        undone.add(subject);
                    }
                });
        Server server = new Server();
        StringBuilder told = new StringBuilder();
        Deque<Message> left = new ArrayDeque<>(messages);
        while (true) {
            if (!left.isEmpty() && random.nextInt(3) > 0) {
                Message message = left.poll();
                boolean sent = expected.sent(message.kind(), message.number());
                if (!sent) {
                    notSent.add(message.number());
                } else if (message.isSeenByServer()) {
                    server.coming.add(message);
                }
            } else {
                String said = server.next();
                if (said == null && left.isEmpty()) {
                    break;
                }
                String answers = said == null ? "" : said;
                for (int i = 0; i < answers.length(); i++) {
                    char type = answers.charAt(i);
                    Verdict verdict = expected.received((byte) type);
                    assertThat(verdict).isNotEqualTo(Verdict.UNEXPECTED);
                    if (verdict == Verdict.FORWARD) {
                        told.append(type);
                    }
                    ours(expected, told);
                }
            }
            ours(expected, told);
        }
        assertThat(told.toString()).isEqualTo(ideal);
        assertThat(expected.isSettled()).isTrue();
        assertThat(expected.isReadyDue()).isFalse();
        assertThat(expected.isChangeDue()).isFalse();
        assertThat(notSent).as("skipped before it was sent").isSubsetOf(skipped);
        skipped.removeAll(notSent);
        assertThat(undone).containsExactlyInAnyOrderElementsOf(skipped);
    }

    private static void ours(Expectations expected, StringBuilder told) {
        for (byte type; (type = expected.ours()) != 0; ) {
            told.append((char) type);
        }
    }
}
