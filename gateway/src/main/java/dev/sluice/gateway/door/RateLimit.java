package dev.sluice.gateway.door;

import org.jspecify.annotations.Nullable;

/**
 * How often something may happen: a leaky bucket that holds {@code burst} and leaks {@code
 * perSecond}.
 *
 * @param perSecond greater than 0
 * @param burst at least 1
 */
public record RateLimit(double perSecond, int burst) {

    public RateLimit {
        if (!(perSecond > 0) || burst < 1) {
            throw new IllegalArgumentException(
                    "a rate limit needs more than 0 per second and a burst of at least 1, not "
                            + perSecond
                            + " and "
                            + burst);
        }
    }

    /**
     * A bucket at some moment. Pure.
     *
     * @param level how full it is, 0 to {@code burst}
     * @param nanos when it was that full, on any clock that does not go back
     */
    record Bucket(double level, long nanos) {

        static Bucket empty(long nanos) {
            return new Bucket(0, nanos);
        }

        /** One more drop now; null when it would run over. */
        @Nullable Bucket pour(RateLimit limit, long now) {
            double left = levelAt(limit, now);
            return left + 1 > limit.burst ? null : new Bucket(left + 1, now);
        }

        boolean isFull(RateLimit limit, long now) {
            return levelAt(limit, now) + 1 > limit.burst;
        }

        private double levelAt(RateLimit limit, long now) {
            double leaked = (now - nanos) / 1e9 * limit.perSecond;
            return Math.max(0, level - leaked);
        }
    }
}
