package dev.sluice.controlplane.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.controlplane.project.Refusal;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class PromptAnswersTest {
    private final PromptAnswers prompt = new PromptAnswers(Duration.ofSeconds(1));

    @Test
    void oneThatHangsIsAskedOnceUntilItAnswers() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        for (int i = 0; i < 1000; i++) {
            assertThatThrownBy(() ->
                            prompt.of(
                                    "pageserver",
                                    () -> {
                                        asked.incrementAndGet();
                                        hanging.await();
                                        return 1;
                                    }))
                    .isInstanceOf(IOException.class)
                    .hasMessage("the pageserver does not answer within 1 s");
        }
        assertThat(asked).hasValue(1);
        assertThat(prompt.of("agent", () -> 2)).isEqualTo(2);
        hanging.countDown();
        Awaitility.await()
                .ignoreException(IOException.class)
                .until(() -> prompt.of("pageserver", () -> 3) == 3);
    }

    @Test
    void anAnswerThatIsAFailureIsOne() throws Exception {
        IOException refused = new IOException("refused");
        assertThatThrownBy(() ->
                        prompt.of(
                                "agent",
                                () -> {
                                    throw refused;
                                }))
                .isSameAs(refused);
        assertThatThrownBy(() ->
                        prompt.of(
                                "agent",
                                () -> {
                                    throw new Refusal(Refusal.Reason.BAD_REQUEST, "what is that");
                                }))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("asking the agent failed")
                .hasMessageContaining("what is that");
        assertThat(prompt.of("agent", () -> 1)).isEqualTo(1);
    }
}
