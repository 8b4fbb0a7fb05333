package dev.sluice.walservice.proposer;

import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** How far the pageserver is behind a proposer, and the wait of its commits for that. */
final class PageserverLag {
    private final Campaign campaign;
    private final Lsn start;
    private final Backpressure backpressure;
    private final AtomicInteger waiting = new AtomicInteger();
    private final LongAdder delays = new LongAdder();
    private final LongAdder delayNanos = new LongAdder();

    /**
     * @param start where the proposer's own WAL begins: a compute only starts when the pageserver
     *     is as far, so that is known before it says anything
     */
    PageserverLag(Campaign campaign, Lsn start, Backpressure backpressure) {
        this.campaign = campaign;
        this.start = start;
        this.backpressure = backpressure;
    }

    long bytes() {
        return bytes(campaign.feedback());
    }

    private long bytes(PageserverFeedback feedback) {
        Lsn ingested = feedback.isKnown() ? feedback.ingested() : start;
        return Math.max(0, campaign.state().available().minus(ingested));
    }

    long limit() {
        return backpressure.limit();
    }

    boolean heldBack() {
        return waiting.get() > 0;
    }

    long delays() {
        return delays.sum();
    }

    long delayNanos() {
        return delayNanos.sum();
    }

    /** Whether a commit must wait. */
    boolean holdsBack() {
        return backpressure.delayNanos(bytes()) > 0;
    }

    /** Waits as long as {@link Backpressure} says, and no longer than it says meanwhile. */
    void holdBack() throws IOException {
        PageserverFeedback feedback = campaign.feedback();
        long delay = backpressure.delayNanos(bytes(feedback));
        if (delay == 0) {
            return;
        }
        waiting.incrementAndGet();
        long begun = System.nanoTime();
        try {
            long waited = 0;
            while (waited < delay) {
                campaign.awaitFeedback(feedback, delay - waited);
                waited = System.nanoTime() - begun;
                feedback = campaign.feedback();
                delay = backpressure.delayNanos(bytes(feedback));
            }
        } finally {
            waiting.decrementAndGet();
            delays.increment();
            delayNanos.add(System.nanoTime() - begun);
        }
    }
}
