package dev.sluice.gateway.door;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimiterTest {
    private final AtomicLong clock = new AtomicLong(-5);
    private final RateLimiter<String> limiter = new RateLimiter<>(new RateLimit(2, 3), clock::get);

    private void pass(long millis) {
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    @Test
    void aBurstThenTheRate() {
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.isExhausted("a")).isFalse();
            assertThat(limiter.tryCount("a")).isTrue();
        }
        assertThat(limiter.isExhausted("a")).isTrue();
        assertThat(limiter.tryCount("a")).isFalse();
        pass(499);
        assertThat(limiter.tryCount("a")).isFalse();
        pass(1);
        assertThat(limiter.isExhausted("a")).isFalse();
        assertThat(limiter.tryCount("a")).isTrue();
        assertThat(limiter.tryCount("a")).isFalse();
    }

    @Test
    void whatIsRefusedDoesNotCount() {
        for (int i = 0; i < 100; i++) {
            boolean _ = limiter.tryCount("a");
        }
        pass(500);
        assertThat(limiter.tryCount("a")).isTrue();
    }

    @Test
    void keysAreCountedApart() {
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.tryCount("a")).isTrue();
        }
        assertThat(limiter.tryCount("a")).isFalse();
        assertThat(limiter.tryCount("b")).isTrue();
    }

    @Test
    void aBucketThatRanEmptyHoldsNoMoreThanABurst() {
        assertThat(limiter.tryCount("a")).isTrue();
        pass(3_600_000);
        for (int i = 0; i < 3; i++) {
            assertThat(limiter.tryCount("a")).isTrue();
        }
        assertThat(limiter.tryCount("a")).isFalse();
    }

    @Test
    void limitsThatLetNobodyInAreRefused() {
        assertThatThrownBy(() -> new RateLimit(0, 1)).hasMessageContaining("more than 0");
        assertThatThrownBy(() -> new RateLimit(Double.NaN, 1)).hasMessageContaining("more than 0");
        assertThatThrownBy(() -> new RateLimit(1, 0)).hasMessageContaining("at least 1");
    }
}
