package dev.sluice.walservice.proposer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.client.WalStream;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class BackpressureTest {
    private static final long LIMIT = 1 << 20;

    @TempDir Path directory;

    @Test
    void theDelayGrowsFromNothingAtHalfTheLimitToForeverAtTheLimit() {
        Backpressure backpressure = new Backpressure(LIMIT);
        assertThat(backpressure.delayNanos(-5)).isZero();
        assertThat(backpressure.delayNanos(0)).isZero();
        assertThat(backpressure.delayNanos(LIMIT / 2)).isZero();
        assertThat(backpressure.delayNanos(LIMIT * 3 / 4)).isEqualTo(5_000_000);
        assertThat(backpressure.delayNanos(LIMIT)).isEqualTo(Long.MAX_VALUE);
        assertThat(backpressure.delayNanos(Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
        long before = 0;
        for (long lag = LIMIT / 2; lag < LIMIT * 99 / 100; lag += LIMIT / 1000) {
            long delay = backpressure.delayNanos(lag);
            assertThat(delay).isGreaterThanOrEqualTo(before);
            assertThat(delay - before).as("no jump at %d", lag).isLessThan(250_000_000);
            before = delay;
        }
    }

    @Test
    void withoutALimitNothingIsHeldBack() {
        assertThat(Backpressure.NONE.delayNanos(Long.MAX_VALUE / 2)).isZero();
        assertThatThrownBy(() -> new Backpressure(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void atTheLimitCommitsWaitAndGoOnWhenThePageserverComesNearer() throws Exception {
        SyntheticWal wal = new SyntheticWal(Fleet.START, 1);
        try (Fleet fleet = Fleet.ofPeers(directory, 3);
                WalProposer proposer =
                        WalProposer.elect(fleet.config(), wal, new Backpressure(LIMIT));
                WalStream stream = fleet.client(1).stream(fleet.id, Fleet.START)) {
            wal.append((int) LIMIT + 10_000);
            Lsn end = wal.end();
            CompletableFuture<Lsn> commit = commitLater(proposer, wal.writtenUpTo());
            // it is durable: what waits is only that the compute is told
            await().until(() -> proposer.commitLsn().equals(end));
            await().until(() -> proposer.flushStatus().heldBack());
            assertThat(commit).isNotDone();
            assertThat(proposer.flushStatus().lag()).isEqualTo(end.minus(Fleet.START));

            stream.tell(new PageserverFeedback(Fleet.START.plus(20_000), Fleet.START, 1));
            await().until(() -> proposer.flushStatus().pageserver().isKnown());
            // just below the limit now, so it would take half a minute yet; this ends it
            stream.tell(new PageserverFeedback(end, Fleet.START, 2));
            assertThat(commit.get()).isEqualTo(end);
            FlushStatus status = proposer.flushStatus();
            assertThat(status.heldBack()).isFalse();
            assertThat(status.lag()).isZero();
            assertThat(status.delays()).isEqualTo(1);
            assertThat(status.delayNanos()).isPositive();

            wal.append(100);
            proposer.flush(wal.writtenUpTo());
            assertThat(proposer.flushStatus().delays()).isEqualTo(1);
        }
    }

    @Test
    void aCommitThatIsHeldBackEndsWhenTheProposerIsFenced() throws Exception {
        SyntheticWal wal = new SyntheticWal(Fleet.START, 1);
        try (Fleet fleet = new Fleet(directory, 3);
                WalProposer proposer =
                        WalProposer.elect(fleet.config(), wal, new Backpressure(LIMIT))) {
            wal.append((int) LIMIT + 10_000);
            CompletableFuture<Lsn> commit = commitLater(proposer, wal.writtenUpTo());
            await().until(() -> proposer.flushStatus().heldBack());
            try (WalProposer newer =
                    WalProposer.elect(fleet.config(), new SyntheticWal(wal.end(), 2))) {
                assertThat(newer.startLsn()).isEqualTo(wal.end());
                assertThatThrownBy(commit::get).hasRootCauseInstanceOf(FencedException.class);
            }
        }
    }

    private static CompletableFuture<Lsn> commitLater(WalProposer proposer, Lsn writtenUpTo) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return proposer.flush(writtenUpTo);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
