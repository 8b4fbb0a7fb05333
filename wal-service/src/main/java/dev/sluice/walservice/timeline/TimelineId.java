package dev.sluice.walservice.timeline;

import java.security.SecureRandom;

/**
 * A timeline: one line of history of a database cluster, which users know as a branch. Sixteen
 * bytes, printed as 32 lower-case hexadecimal digits.
 */
public record TimelineId(long high, long low) implements Comparable<TimelineId> {
    private static final SecureRandom RANDOM = new SecureRandom();

    public static TimelineId random() {
        return new TimelineId(RANDOM.nextLong(), RANDOM.nextLong());
    }

    /**
     * Reads what {@link #toString} prints.
     *
     * @throws IllegalArgumentException if the text is not 32 hexadecimal digits
     */
    public static TimelineId parse(String text) {
        if (text.length() != 32
                || !text.chars().allMatch(c -> c < 128 && Character.digit(c, 16) >= 0)) {
            throw new IllegalArgumentException(
                    "not a timeline id: \"" + text + "\" (32 hexadecimal digits)");
        }
        return new TimelineId(
                Long.parseUnsignedLong(text, 0, 16, 16), Long.parseUnsignedLong(text, 16, 32, 16));
    }

    @Override
    public int compareTo(TimelineId other) {
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    @Override
    public String toString() {
        return String.format("%016x%016x", high, low);
    }
}
