package dev.sluice.gateway.http.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
    private final MemoryBudget budget = new MemoryBudget(10 << 10);
    private final MemoryBudget.Share one = budget.share();
    private final MemoryBudget.Share another = budget.share();

    @Test
    void aShareGrowsAndIsGivenBackAsAWhole() {
        assertThat(one.tryReserve(4 << 10)).isTrue();
        assertThat(one.tryReserve(8 << 10)).isTrue();
        assertThat(one.tryReserve(1)).isTrue();
        assertThat(another.tryReserve(3 << 10)).isFalse();
        assertThat(another.tryReserve(2 << 10)).isTrue();
        assertThat(one.tryReserve(9 << 10)).isFalse();
        one.release();
        one.release();
        assertThat(another.tryReserve(10 << 10)).isTrue();
        assertThat(one.tryReserve(1)).isFalse();
    }

    @Test
    void whatIsLargerThanAllOfItGetsAllOfIt() throws Exception {
        assertThat(one.reserve(Long.MAX_VALUE / 2, Duration.ZERO)).isTrue();
        assertThat(another.reserve(1, Duration.ofMillis(1))).isFalse();
        one.release();
        assertThat(another.reserve(1, Duration.ZERO)).isTrue();
    }

    @Test
    void whoWaitsGetsWhatIsGivenBack() throws Exception {
        assertThat(one.tryReserve(10 << 10)).isTrue();
        CompletableFuture<Boolean> waiting =
                CompletableFuture.supplyAsync(() -> {
                    try {
                        return another.reserve(5 << 10, Duration.ofMinutes(1));
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
        assertThat(waiting).isNotDone();
        one.release();
        assertThat(waiting.get(1, TimeUnit.MINUTES)).isTrue();
    }
}
