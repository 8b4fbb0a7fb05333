package dev.sluice.walservice.wal;

/** A relation's forks, in the order of Postgres's {@code ForkNumber} ({@code common/relpath.h}). */
public enum Fork {
    MAIN(0, ""),
    FSM(1, "_fsm"),
    VISIBILITY_MAP(2, "_vm"),
    INIT(3, "_init");

    private static final Fork[] BY_NUMBER = {MAIN, FSM, VISIBILITY_MAP, INIT};

    private final int number;
    private final String suffix;

    Fork(int number, String suffix) {
        this.number = number;
        this.suffix = suffix;
    }

    /** What follows the relfilenumber in the file's name. */
    public String suffix() {
        return suffix;
    }

    /** The number in WAL records and keys, 0 to 3. */
    public int number() {
        return number;
    }

    /**
     * @throws IllegalArgumentException if there is no such fork
     */
    public static Fork ofNumber(int number) {
        if (number < 0 || number >= BY_NUMBER.length) {
            throw new IllegalArgumentException("no such fork: " + number);
        }
        return BY_NUMBER[number];
    }
}
