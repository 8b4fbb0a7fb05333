package dev.sluice.walservice.client;

import dev.sluice.walservice.consensus.Refusal;
import java.io.IOException;

/** A safekeeper refused a request; the message says which safekeeper and what. */
public final class SafekeeperException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Refusal refusal;

    public SafekeeperException(Refusal refusal, String message) {
        super(message);
        this.refusal = refusal;
    }

    public Refusal refusal() {
        return refusal;
    }
}
