package dev.sluice.gateway.routing;

import dev.sluice.wire.SqlState;
import java.io.Serial;

/** Why a client cannot be let through, in words that the client gets to read. */
public final class RoutingException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    private final SqlState state;
    private final String hint;

    /**
     * @param message what is wrong; goes to the client as it is
     * @param hint what to do about it, or empty
     */
    public RoutingException(SqlState state, String message, String hint) {
        super(message);
        this.state = state;
        this.hint = hint;
    }

    /** A client named no endpoint on a server that has several. The text is the reference's. */
    public static RoutingException endpointNotSpecified() {
        return new RoutingException(
                SqlState.INVALID_AUTHORIZATION,
                "Endpoint ID is not specified. Either please upgrade the postgres client library"
                        + " (libpq) for SNI support or pass the endpoint ID (first part of the"
                        + " domain name) as a parameter: '?options=endpoint%3D<endpoint-id>'.",
                "Connect to <endpoint-id>.<domain>, or add options=endpoint=<endpoint-id> to the"
                        + " connection string.");
    }

    public SqlState state() {
        return state;
    }

    public String hint() {
        return hint;
    }
}
