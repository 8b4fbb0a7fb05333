package dev.sluice.controlplane.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PatienceTest {
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final PrintStream err = new PrintStream(said, true, StandardCharsets.UTF_8);

    @Test
    void whatEndsAtOnceSaysNothing() {
        Patience.begin(err).close();
        assertThat(said.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void whatTakesLongerThanASecondIsTold() {
        try (Patience _ = Patience.begin(err)) {
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> said.toString(StandardCharsets.UTF_8).contains("at work"));
        }
    }
}
