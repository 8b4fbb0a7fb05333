package dev.sluice.wire.frame;

/** How a value or a COPY stream is represented. */
public enum Format {
    TEXT,
    BINARY;

    /** The wire's code: 0 or 1. */
    public int code() {
        return this == TEXT ? 0 : 1;
    }

    /**
     * @throws WireFormatException if {@code code} is neither 0 nor 1
     */
    public static Format of(int code) {
        return switch (code) {
            case 0 -> TEXT;
            case 1 -> BINARY;
            default -> throw new WireFormatException("format code " + code + " (0 or 1)");
        };
    }
}
