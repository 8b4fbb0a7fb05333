package dev.sluice.gateway.compute;

import dev.sluice.gateway.routing.Route;
import dev.sluice.wire.scram.ScramKeys;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Whom a server connection is for.
 *
 * @param parameters the startup parameters for Postgres, in the client's order
 * @param keys what the client's proof gave away; good as long as the role's verifier is the same
 */
public record ServerLogin(Route route, Map<String, String> parameters, ScramKeys keys) {
    public ServerLogin {
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /** Whether it is a replication connection, which has no SQL session behind it. */
    public boolean isReplication() {
        return parameters.containsKey("replication");
    }
}
