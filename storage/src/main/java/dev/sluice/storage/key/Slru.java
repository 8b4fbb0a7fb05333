package dev.sluice.storage.key;

/**
 * Postgres's "simple least recently used" files that a compute needs: which directory, and our
 * number for it in keys.
 */
public enum Slru {
    CLOG(0, "pg_xact"),
    MULTIXACT_OFFSETS(1, "pg_multixact/offsets"),
    MULTIXACT_MEMBERS(2, "pg_multixact/members"),
    COMMIT_TS(3, "pg_commit_ts");

    /** {@code SLRU_PAGES_PER_SEGMENT}: blocks in one segment file. */
    public static final int BLOCKS_PER_SEGMENT = 32;

    private final int number;
    private final String directory;

    Slru(int number, String directory) {
        this.number = number;
        this.directory = directory;
    }

    public int number() {
        return number;
    }

    /**
     * The directory inside the data directory; its files are named by segment, four hexadecimal
     * digits.
     */
    public String directory() {
        return directory;
    }

    /** The segment's file, relative to the data directory. */
    public String segmentFile(int segment) {
        return String.format("%s/%04X", directory, segment);
    }

    /**
     * @throws IllegalArgumentException if there is no such SLRU
     */
    public static Slru ofNumber(int number) {
        for (Slru slru : values()) {
            if (slru.number == number) {
                return slru;
            }
        }
        throw new IllegalArgumentException("no such SLRU: " + number);
    }
}
