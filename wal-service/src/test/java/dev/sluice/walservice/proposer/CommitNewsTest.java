package dev.sluice.walservice.proposer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.Lsn;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class CommitNewsTest {
    private static final long MILLISECOND = Duration.ofMillis(1).toNanos();

    @TempDir Path directory;

    @Test
    void isToldAtOnceAfterAPauseAndElseWithTheNextWalOrSomeMillisecondsLater() {
        long now = System.nanoTime();
        CommitNews news = new CommitNews(now);
        assertThat(news.moved(now)).isFalse();
        assertThat(news.isDue()).isTrue();
        assertThat(news.moved(now + MILLISECOND)).isTrue();
        assertThat(news.isDue()).isFalse();
        assertThat(news.moved(now + 2 * MILLISECOND)).isFalse();
        assertThat(news.isDue()).isFalse();

        assertThat(news.look(now + 6 * MILLISECOND)).isEqualTo(MILLISECOND);
        assertThat(news.isDue()).isFalse();
        assertThat(news.look(now + 7 * MILLISECOND)).isZero();
        assertThat(news.isDue()).isTrue();

        assertThat(news.moved(now + 8 * MILLISECOND)).isFalse();
        assertThat(news.isDue()).isTrue();
        assertThat(news.moved(now + 9 * MILLISECOND)).isTrue();
        assertThat(news.moved(now + 20 * MILLISECOND)).isFalse();
        assertThat(news.isDue()).isTrue();
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
