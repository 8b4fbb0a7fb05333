package dev.sluice.walservice.proposer;

/**
 * How long a commit is held back when the pageserver is behind with the WAL that was written: not
 * at all up to half of the limit, then longer and longer, and at the limit until the pageserver has
 * come nearer. With x going from 0 at half the limit to 1 at the limit it is 10 ms · x²/(1 − x): a
 * tenth of a millisecond at x = 0.1, 5 ms at one half, 81 ms at 0.9, a second at 0.99. So a writer
 * that is faster than its pageserver settles, without jumps, where both are equally fast.
 *
 * @param limit bytes of WAL, positive; {@link Long#MAX_VALUE}: commits are never held back
 */
public record Backpressure(long limit) {
    public static final Backpressure NONE = new Backpressure(Long.MAX_VALUE);

    private static final double SCALE_NANOS = 10_000_000;

    public Backpressure {
        if (limit <= 0) {
            throw new IllegalArgumentException("a limit of " + limit + " bytes of WAL");
        }
    }

    /**
     * @param lag how many bytes of WAL the pageserver is behind; negative is not behind
     * @return nanoseconds, {@link Long#MAX_VALUE} at or above the limit
     */
    public long delayNanos(long lag) {
        double half = limit / 2.0;
        double x = (lag - half) / half;
        if (x <= 0) {
            return 0;
        }
        return x >= 1 ? Long.MAX_VALUE : (long) (SCALE_NANOS * x * x / (1 - x));
    }
}
