package dev.sluice.controlplane.project;

import java.io.Serial;

/** A request that cannot be met as asked. The message is for its user. */
public final class Refusal extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    /** Why, in the terms of the public API's HTTP status codes. */
    public enum Reason {
        BAD_REQUEST(400),
        NOT_FOUND(404),
        CONFLICT(409),
        IMPOSSIBLE(422),
        FAILED(500),
        UNAVAILABLE(503),
        /** A part that is needed is not there; the message says which, and no more. */
        PART_AWAY(503);

        private final int httpStatus;

        Reason(int httpStatus) {
            this.httpStatus = httpStatus;
        }

        public int httpStatus() {
            return httpStatus;
        }
    }

    private final Reason reason;

    public Refusal(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Refusal(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public static Refusal notFound(String what, String name) {
        return new Refusal(Reason.NOT_FOUND, what + " not found: \"" + name + "\"");
    }

    public Reason reason() {
        return reason;
    }
}
