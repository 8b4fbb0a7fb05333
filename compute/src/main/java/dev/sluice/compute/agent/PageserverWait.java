package dev.sluice.compute.agent;

import dev.sluice.storage.pageserver.PageserverAwayException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks a pageserver again that is away, which may be started again just now. Begins with its
 * creation.
 */
final class PageserverWait {
    private static final long RETRY_NANOS = Duration.ofMillis(50).toNanos();

    private final long begun = System.nanoTime();
    private final Duration limit;

    /**
     * @param limit after which the pageserver being away is a failure
     */
    PageserverWait(Duration limit) {
        this.limit = limit;
    }

    /** Something to ask, which may be asked again. */
    interface Question<T> {
        T ask() throws IOException;
    }

    /** What is left of the limit. */
    Duration left() {
        Duration left = limit.minusNanos(System.nanoTime() - begun);
        return left.isNegative() ? Duration.ZERO : left;
    }

    /**
     * Asks until there is an answer.
     *
     * @throws PageserverAwayException if there was none within the limit
     */
    <T> T ask(Question<T> question) throws IOException {
        while (true) {
            try {
                return question.ask();
            } catch (PageserverAwayException e) {
                if (left().isZero()) {
                    throw e;
                }
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }
}
