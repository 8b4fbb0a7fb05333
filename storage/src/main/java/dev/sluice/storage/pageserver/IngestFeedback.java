package dev.sluice.storage.pageserver;

import dev.sluice.storage.timeline.Timeline;
import dev.sluice.walservice.client.WalStream;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * Tells a safekeeper how far a timeline's ingest is: often enough that nobody who waits for it sees
 * it in jumps, and seldom enough to cost nothing. Of the receiver's thread.
 */
final class IngestFeedback {
    private static final long PERIOD_NANOS = Duration.ofMillis(100).toNanos();
    private static final long STEP_BYTES = 1 << 20;

    private long toldAt = System.nanoTime() - PERIOD_NANOS;
    private Lsn told = Lsn.INVALID;

    /**
     * @param now whether it is time in any case
     */
    void tellIfDue(WalStream wal, Timeline timeline, boolean now) throws IOException {
        Lsn ingested = timeline.position().end();
        if (!now
                && ingested.minus(told) < STEP_BYTES
                && System.nanoTime() - toldAt < PERIOD_NANOS) {
            return;
        }
        wal.tell(
                new PageserverFeedback(
                        ingested,
                        Lsn.min(ingested, timeline.durablePosition().end()),
                        ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now())));
        told = ingested;
        toldAt = System.nanoTime();
    }
}
