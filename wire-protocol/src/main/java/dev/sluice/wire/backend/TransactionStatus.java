package dev.sluice.wire.backend;

import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;

/** Where a session stands between two commands. */
public enum TransactionStatus {
    IDLE('I'),
    IN_TRANSACTION('T'),
    FAILED('E');

    private final char code;

    TransactionStatus(char code) {
        this.code = code;
    }

    /** The wire's code: {@code 'I'}, {@code 'T'} or {@code 'E'}. */
    public byte code() {
        return (byte) code;
    }

    /**
     * @throws WireFormatException if it is none of the three codes
     */
    public static TransactionStatus of(byte code) {
        return switch (code) {
            case 'I' -> IDLE;
            case 'T' -> IN_TRANSACTION;
            case 'E' -> FAILED;
            default ->
                    throw new WireFormatException(
                            "transaction status "
                                    + FrameHeader.typeName(code)
                                    + " ('I', 'T' or 'E')");
        };
    }
}
