package dev.sluice.storage.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ComplaintTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final Complaint complaint = new Complaint();

    @Test
    void isMadeAtOnceAndThenNowAndAgain() {
        int said = 0;
        for (int second = 0; second < 1800; second += 2) {
            said += complaint.failed(-900 * SECOND + second * SECOND) ? 1 : 0;
        }
        assertThat(said).isEqualTo(3);
    }

    @Test
    void isMadeAgainWhenItHadBeenRightMeanwhile() {
        assertThat(complaint.failed(0)).isTrue();
        assertThat(complaint.failed(2 * SECOND)).isFalse();
        assertThat(complaint.failed(63 * SECOND)).isTrue();
        assertThat(complaint.failed(65 * SECOND)).isFalse();
    }
}
