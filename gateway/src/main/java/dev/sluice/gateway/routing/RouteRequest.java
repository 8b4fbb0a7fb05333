package dev.sluice.gateway.routing;

import java.util.Optional;

/**
 * What a client said about where it wants to go.
 *
 * @param endpoint from SNI or {@code options}, a {@code -pooler} suffix kept; empty if the client
 *     named none
 * @param branch what followed the last {@code @} of the database name
 * @param database without the branch; the role's name if the client named none
 */
public record RouteRequest(
        Optional<String> endpoint, Optional<String> branch, String database, String role) {
    private static final String POOLED = "-pooler";

    /** Whether the client wants to share server connections with others. */
    public boolean isPooled() {
        return endpoint.filter(name -> name.endsWith(POOLED)).isPresent();
    }
}
