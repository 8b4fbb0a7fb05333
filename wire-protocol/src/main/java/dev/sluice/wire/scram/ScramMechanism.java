package dev.sluice.wire.scram;

import dev.sluice.wire.SqlState;

/** The SASL mechanisms that Postgres knows for SCRAM. */
public enum ScramMechanism {
    SCRAM_SHA_256("SCRAM-SHA-256"),
    /** With channel binding: only over TLS. */
    SCRAM_SHA_256_PLUS("SCRAM-SHA-256-PLUS");

    private final String saslName;

    ScramMechanism(String saslName) {
        this.saslName = saslName;
    }

    /** The name on the wire. */
    public String saslName() {
        return saslName;
    }

    /**
     * The mechanism that a client chose.
     *
     * @throws ScramException if it is none of these
     */
    public static ScramMechanism of(String saslName) {
        for (ScramMechanism mechanism : values()) {
            if (mechanism.saslName.equals(saslName)) {
                return mechanism;
            }
        }
        throw new ScramException(
                SqlState.PROTOCOL_VIOLATION,
                "client selected an invalid SASL authentication mechanism",
                "");
    }
}
