package dev.sluice.wire;

/**
 * A log sequence number: a byte position in a timeline's write-ahead log, as Postgres's {@code
 * XLogRecPtr}.
 *
 * <p>An unsigned 64-bit value, so {@link #compareTo} is unsigned and the sign of {@link #value}
 * means nothing. Printed and parsed as {@code pg_lsn} does it: two hexadecimal halves, {@code
 * 0/16B3748}. Zero is {@link #INVALID}, as in Postgres's {@code access/xlogdefs.h}.
 */
public record Lsn(long value) implements Comparable<Lsn> {

    /** {@code InvalidXLogRecPtr}: no position. */
    public static final Lsn INVALID = new Lsn(0);

    /**
     * Parses {@code X/Y}, each one to eight hexadecimal digits.
     *
     * @throws IllegalArgumentException if {@code text} is not of that form
     */
    public static Lsn parse(String text) {
        int slash = text.indexOf('/');
        if (!isHexWord(text, 0, slash) || !isHexWord(text, slash + 1, text.length())) {
            throw new IllegalArgumentException(
                    "not an LSN: \""
                            + text
                            + "\" (two hexadecimal numbers with a slash, like 0/16B3748)");
        }
        long high = Long.parseLong(text, 0, slash, 16);
        long low = Long.parseLong(text, slash + 1, text.length(), 16);
        return new Lsn(high << 32 | low);
    }

    private static boolean isHexWord(String text, int from, int to) {
        if (to - from < 1 || to - from > 8) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (Character.digit(text.charAt(i), 16) < 0 || text.charAt(i) > 'f') {
                return false;
            }
        }
        return true;
    }

    public boolean isValid() {
        return value != 0;
    }

    /** The position {@code bytes} further on; negative goes back. */
    public Lsn plus(long bytes) {
        return new Lsn(value + bytes);
    }

    /** Bytes from {@code earlier} to this position. */
    public long minus(Lsn earlier) {
        return value - earlier.value;
    }

    public boolean isBefore(Lsn other) {
        return compareTo(other) < 0;
    }

    public boolean isAfter(Lsn other) {
        return compareTo(other) > 0;
    }

    /**
     * The next multiple of eight at or after this position: where a WAL record may begin ({@code
     * MAXALIGN}).
     */
    public Lsn aligned() {
        return new Lsn((value + 7) & ~7L);
    }

    public static Lsn max(Lsn a, Lsn b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    public static Lsn min(Lsn a, Lsn b) {
        return a.compareTo(b) <= 0 ? a : b;
    }

    @Override
    public int compareTo(Lsn other) {
        return Long.compareUnsigned(value, other.value);
    }

    @Override
    public String toString() {
        return String.format("%X/%X", value >>> 32, value & 0xFFFFFFFFL);
    }
}
