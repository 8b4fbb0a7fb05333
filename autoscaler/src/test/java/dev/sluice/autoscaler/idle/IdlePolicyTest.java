package dev.sluice.autoscaler.idle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.autoscaler.idle.IdlePolicy.Activity;
import dev.sluice.autoscaler.idle.IdlePolicy.Decision;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class IdlePolicyTest {
    private static final long SECOND = 1_000_000_000L;

    private final IdlePolicy policy = new IdlePolicy(Duration.ofSeconds(10));

    @Test
    void waitsForTheRestOfTheTimeout() {
        assertThat(policy.decide(new Activity(0, 5 * SECOND), 8 * SECOND))
                .isEqualTo(new Decision.Wait(Duration.ofSeconds(7)));
    }

    @Test
    void suspendsWhenTheTimeoutIsReached() {
        assertThat(policy.decide(new Activity(0, 5 * SECOND), 15 * SECOND))
                .isEqualTo(new Decision.Suspend());
    }

    @Test
    void aTransactionKeepsTheComputeAwakeHoweverLong() {
        assertThat(policy.decide(new Activity(1, 0), 1_000_000 * SECOND))
                .isEqualTo(new Decision.Wait(Duration.ofSeconds(10)));
    }

    @Test
    void survivesTheClockWrappingRound() {
        long last = Long.MAX_VALUE - SECOND;
        assertThat(policy.decide(new Activity(0, last), last + 3 * SECOND))
                .isEqualTo(new Decision.Wait(Duration.ofSeconds(7)));
    }

    @Test
    void aNegativeTimeoutNeverSuspends() {
        IdlePolicy never = new IdlePolicy(Duration.ofSeconds(-1));
        assertThat(never.decide(new Activity(0, 0), Long.MAX_VALUE)).isEqualTo(new Decision.Stay());
    }

    @Test
    void zeroSuspendsAtOnce() {
        IdlePolicy atOnce = new IdlePolicy(Duration.ZERO);
        assertThat(atOnce.decide(new Activity(0, 5), 5)).isEqualTo(new Decision.Suspend());
    }
}
