package dev.sluice.gateway.token;

import dev.sluice.gateway.routing.Route;
import java.util.Optional;
import java.util.Set;

/**
 * Somebody who signs tokens, and what an operator believes of them.
 *
 * @param scope the id of an endpoint or of a project; empty for all
 * @param keys where its public keys are, a JSON Web Key Set (RFC 7517)
 * @param issuer what its tokens must say in {@code iss}, if anything
 * @param audience what its tokens must say in {@code aud}; without it they must have none
 * @param roles whom its tokens can log in
 */
public record TokenProvider(
        Optional<String> scope,
        KeySource keys,
        Optional<String> issuer,
        Optional<String> audience,
        Set<String> roles) {

    public TokenProvider {
        roles = Set.copyOf(roles);
        if (roles.isEmpty()) {
            throw new IllegalArgumentException("a provider of tokens that may log in no role");
        }
    }

    boolean mayLogIn(Route route, String role) {
        return roles.contains(role)
                && (scope.isEmpty()
                        || scope.get().equals(route.endpointId())
                        || scope.get().equals(route.projectId()));
    }
}
