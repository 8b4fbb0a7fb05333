package dev.sluice.gateway.session;

import dev.sluice.gateway.door.Visitors;
import dev.sluice.gateway.routing.ClientDestination;
import dev.sluice.gateway.routing.Route;
import dev.sluice.wire.scram.ScramVerifier;

/**
 * Who a client says it is and where it wants to go, and what its password is checked against.
 *
 * @param visitors who count its attempts
 */
record Claim(
        ClientDestination destination, Route route, ScramVerifier verifier, Visitors visitors) {

    String role() {
        return destination.request().role();
    }
}
