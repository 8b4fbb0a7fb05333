package dev.sluice.gateway.routing;

import dev.sluice.wire.SqlState;
import java.io.Serial;

/** Why a client cannot be let through, in words that the client gets to read. */
public final class RoutingException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    private final Kind kind;
    private final SqlState state;
    private final String hint;

    /** What the gateway makes of it. */
    public enum Kind {
        /** The client is told. */
        REFUSED,
        /** The client named no endpoint, and there is no default: it may do so in its password. */
        ENDPOINT_NOT_SPECIFIED,
        /**
         * There is no such endpoint or branch. A client that has not proved anything is not told:
         * it is asked for a password, and no password is right.
         */
        NO_SUCH_ENDPOINT
    }

    /**
     * @param message what is wrong; goes to the client as it is
     * @param hint what to do about it, or empty
     */
    public RoutingException(SqlState state, String message, String hint) {
        this(Kind.REFUSED, state, message, hint);
    }

    private RoutingException(Kind kind, SqlState state, String message, String hint) {
        super(message);
        this.kind = kind;
        this.state = state;
        this.hint = hint;
    }

    /** There is no such endpoint or branch; told to clients that are in already. */
    public static RoutingException noSuchEndpoint() {
        return new RoutingException(
                Kind.NO_SUCH_ENDPOINT,
                SqlState.UNDEFINED_DATABASE,
                "endpoint cannot be found",
                "It may have been deleted; sluice endpoints list shows those that there are.");
    }

    /** A client named no endpoint on a server that has several. The text is the reference's. */
    public static RoutingException endpointNotSpecified() {
        return new RoutingException(
                Kind.ENDPOINT_NOT_SPECIFIED,
                SqlState.INVALID_AUTHORIZATION,
                "Endpoint ID is not specified. Either please upgrade the postgres client library"
                        + " (libpq) for SNI support or pass the endpoint ID (first part of the"
                        + " domain name) as a parameter: '?options=endpoint%3D<endpoint-id>'.",
                "Connect to <endpoint-id>.<domain>, or add options=endpoint=<endpoint-id> to the"
                        + " connection string; over TLS the password may also be given as"
                        + " endpoint=<endpoint-id>;<password>.");
    }

    public Kind kind() {
        return kind;
    }

    public SqlState state() {
        return state;
    }

    public String hint() {
        return hint;
    }
}
