package dev.sluice.storage.oracle;

/**
 * How often a record type was met, and what became of the blocks that its records register. Free
 * space maps' blocks are not counted but in {@link #records}.
 */
public final class TypeCount {
    long records;
    long redone;
    long images;
    long beside;
    long checked;
    long ahead;
    long differing;

    TypeCount() {}

    /** Records of the type. */
    public long records() {
        return records;
    }

    /** Blocks that were changed as the record's data says. */
    public long redone() {
        return redone;
    }

    /** Blocks that became the image that the record brings of them. */
    public long images() {
        return images;
    }

    /** Blocks beside whose data an image stands, to be compared. */
    public long beside() {
        return beside;
    }

    /** Blocks that were changed and compared with the image that stands beside the data. */
    public long checked() {
        return checked;
    }

    /**
     * Blocks left alone, as Postgres leaves them, because the directory that redo began with holds
     * a later version of them or no more has them.
     */
    public long ahead() {
        return ahead;
    }

    /** Blocks that turned out otherwise than Postgres made them, or could not be redone. */
    public long differing() {
        return differing;
    }
}
