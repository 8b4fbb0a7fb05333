package dev.sluice.gateway.session;

import dev.sluice.gateway.door.Visitors;
import dev.sluice.gateway.routing.ClientDestination;
import dev.sluice.gateway.routing.Route;
import dev.sluice.wire.scram.ScramVerifier;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Who a client says it is and where it wants to go, and what its password is checked against.
 *
 * @param visitors who count its attempts
 * @param answer what the directory said; null if there is no such endpoint
 */
record Claim(
        ClientDestination destination,
        Route route,
        ScramVerifier verifier,
        Visitors visitors,
        FrequentLogins.@Nullable Answer answer) {

    String role() {
        return destination.request().role();
    }

    /** What the directory said has proved right. */
    void proved(FrequentLogins frequent, InetAddress client) {
        if (answer != null) {
            frequent.proved(login(client), answer);
        }
    }

    /** What the directory said may not be so any more. */
    void refused(FrequentLogins frequent, InetAddress client) {
        frequent.forget(login(client));
    }

    private FrequentLogins.Login login(InetAddress client) {
        return new FrequentLogins.Login(client, destination.request());
    }
}
