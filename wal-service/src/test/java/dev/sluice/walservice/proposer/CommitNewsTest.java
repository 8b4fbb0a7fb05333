package dev.sluice.walservice.proposer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.Lsn;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class CommitNewsTest {
    private static final long MILLISECOND = Duration.ofMillis(1).toNanos();

    @TempDir Path directory;

    @Test
    void isToldAtOnceAfterAPauseAndElseWithTheNextWalOrSomeMillisecondsLater() {
        ReentrantLock lock = new ReentrantLock();
        CommitNews news = new CommitNews(lock);
        long now = System.nanoTime();
        lock.lock();
        try {
            news.moved(now);
            assertThat(news.isDue()).isTrue();
            news.moved(now + MILLISECOND);
            assertThat(news.isDue()).isFalse();
            news.moved(now + 2 * MILLISECOND);
            assertThat(news.isDue()).isFalse();
        } finally {
            lock.unlock();
        }
        assertThat(news.awaitDue()).isTrue();
        assertThat(news.isDue()).isTrue();
        lock.lock();
        try {
            news.moved(now + 3 * MILLISECOND);
            assertThat(news.isDue()).isFalse();
            news.moved(now + 20 * MILLISECOND);
            assertThat(news.isDue()).isTrue();
            news.end();
        } finally {
            lock.unlock();
        }
        assertThat(news.awaitDue()).isFalse();
    }

    /** The last of many has no WAL after it to take its word along. */
    @Test
    void everySafekeeperHearsOfTheLastCommitSoon() throws Exception {
        try (Fleet fleet = new Fleet(directory, 3)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 1);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                for (int round = 0; round < 20; round++) {
                    for (int i = 0; i < 10; i++) {
                        wal.append(100);
                        proposer.flush(wal.writtenUpTo());
                    }
                    Lsn end = wal.end();
                    for (int safekeeper = 0; safekeeper < 3; safekeeper++) {
                        int each = safekeeper;
                        // Well before the heartbeat, which comes every second.
                        await().pollInterval(Duration.ofMillis(2))
                                .until(() ->
                                        fleet.client(each).status(fleet.id).commit().equals(end));
                    }
                }
            }
        }
    }
}
