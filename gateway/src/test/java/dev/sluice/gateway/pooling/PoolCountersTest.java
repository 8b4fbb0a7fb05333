package dev.sluice.gateway.pooling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PoolCountersTest {
    private static final long MINUTE = 60_000_000_000L;
    private static final long BEGIN = -5; // System.nanoTime is any number

    private final PoolCounters counters = new PoolCounters(BEGIN);

    private long transactionsOfLastMinute(long now) {
        return counters.lastMinute(BEGIN + now).transactions();
    }

    @Test
    void theLastMinuteIsTheLastWholeOne() {
        counters.transaction(1);
        counters.transaction(1);
        assertThat(transactionsOfLastMinute(MINUTE - 1)).isZero();
        assertThat(transactionsOfLastMinute(MINUTE)).isEqualTo(2);
        counters.transaction(1);
        assertThat(transactionsOfLastMinute(2 * MINUTE - 1)).isEqualTo(2);
        assertThat(transactionsOfLastMinute(2 * MINUTE)).isEqualTo(1);
        assertThat(counters.snapshot().transactions()).isEqualTo(3);
    }

    @Test
    void afterMinutesInWhichNobodyLookedNothingHappened() {
        counters.transaction(1);
        assertThat(transactionsOfLastMinute(3 * MINUTE + 1)).isZero();
        counters.transaction(1);
        assertThat(transactionsOfLastMinute(4 * MINUTE)).isEqualTo(1);
    }
}
