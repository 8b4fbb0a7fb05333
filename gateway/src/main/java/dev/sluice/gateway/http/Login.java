package dev.sluice.gateway.http;

import dev.sluice.gateway.http.pool.PoolKey;
import dev.sluice.wire.scram.ScramKeys;
import java.util.Optional;

/**
 * Who was let in, and where to.
 *
 * @param keys what the password gave away, or what the directory keeps in its place
 * @param claims of the token that did in place of a password, as JSON
 */
record Login(PoolKey key, String database, String role, ScramKeys keys, Optional<String> claims) {}
