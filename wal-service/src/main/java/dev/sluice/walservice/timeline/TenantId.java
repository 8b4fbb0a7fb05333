package dev.sluice.walservice.timeline;

import java.security.SecureRandom;

/**
 * A tenant: one project's share of the storage, the unit that timelines belong to. Sixteen bytes,
 * printed as 32 lower-case hexadecimal digits.
 */
public record TenantId(long high, long low) implements Comparable<TenantId> {
    private static final SecureRandom RANDOM = new SecureRandom();

    public static TenantId random() {
        return new TenantId(RANDOM.nextLong(), RANDOM.nextLong());
    }

    /**
     * Reads what {@link #toString} prints.
     *
     * @throws IllegalArgumentException if the text is not 32 hexadecimal digits
     */
    public static TenantId parse(String text) {
        if (text.length() != 32
                || !text.chars().allMatch(c -> c < 128 && Character.digit(c, 16) >= 0)) {
            throw new IllegalArgumentException(
                    "not a tenant id: \"" + text + "\" (32 hexadecimal digits)");
        }
        return new TenantId(
                Long.parseUnsignedLong(text, 0, 16, 16), Long.parseUnsignedLong(text, 16, 32, 16));
    }

    @Override
    public int compareTo(TenantId other) {
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    @Override
    public String toString() {
        return String.format("%016x%016x", high, low);
    }
}
