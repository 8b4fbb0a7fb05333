package dev.sluice.autoscaler.idle;

import java.time.Duration;

/**
 * Decides when a running compute sleeps: once no client has been active for the timeout. A session
 * that waits for its client between transactions does not count as active; one inside a transaction
 * or a query does, however long.
 *
 * @param timeout idle time before suspension; negative never suspends
 */
public record IdlePolicy(Duration timeout) {

    /**
     * What is known of an endpoint's use. Times are of one monotonic clock, in nanoseconds.
     *
     * @param busySessions sessions inside a query or a transaction, and clients waiting for the
     *     compute
     * @param lastActive when a client was last active, or the compute became ready, whichever is
     *     later
     */
    public record Activity(int busySessions, long lastActive) {}

    /** What to do now. */
    public sealed interface Decision {
        /** Stop the compute. */
        record Suspend() implements Decision {}

        /** Nothing to do; ask again after this long, unless something happens before. */
        record Wait(Duration until) implements Decision {}

        /** Nothing to do however long nothing happens. */
        record Stay() implements Decision {}
    }

    public Decision decide(Activity activity, long now) {
        if (timeout.isNegative()) {
            return new Decision.Stay();
        }
        if (activity.busySessions() > 0) {
            return new Decision.Wait(timeout);
        }
        Duration left = timeout.minusNanos(now - activity.lastActive());
        return left.isPositive() ? new Decision.Wait(left) : new Decision.Suspend();
    }
}
