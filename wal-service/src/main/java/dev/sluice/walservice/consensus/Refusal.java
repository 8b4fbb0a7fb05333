package dev.sluice.walservice.consensus;

/** Why a safekeeper refuses what it is asked; the number is what goes over the wire. */
public enum Refusal {
    NO_SUCH_TIMELINE(1),
    /** The timeline exists with another system identifier, major version or start. */
    OTHER_TIMELINE(2),
    /** The WAL asked for is not held: before the start or past the end. */
    NO_SUCH_WAL(3),
    /** The request is malformed or out of order. */
    BAD_REQUEST(4),
    /** No space for the WAL offered; it can be offered again when there is. */
    DISK_FULL(5),
    /** What is on the safekeeper's disk is damaged. */
    DAMAGED(6),
    /** The proposer's membership generation is not the timeline's. */
    OTHER_GENERATION(7),
    /** A read for a term that is over. */
    OTHER_TERM(8),
    /** Anything else, an I/O error most likely. */
    FAILED(9);

    private final int number;

    Refusal(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }

    /**
     * @throws IllegalArgumentException if there is no such refusal
     */
    public static Refusal ofNumber(int number) {
        for (Refusal refusal : values()) {
            if (refusal.number == number) {
                return refusal;
            }
        }
        throw new IllegalArgumentException("no such refusal: " + number);
    }
}
