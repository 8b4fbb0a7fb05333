package dev.sluice.gateway.http.pool;

import dev.sluice.gateway.routing.Route;
import java.util.Map;

/**
 * What server connections have in common that can stand in for each other.
 *
 * @param parameters the startup parameters, user and database among them
 */
public record PoolKey(Route route, Map<String, String> parameters) {}
