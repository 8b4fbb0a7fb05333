package dev.sluice.gateway.http;

import dev.sluice.gateway.http.pool.PoolKey;
import dev.sluice.wire.scram.ScramKeys;

/**
 * Who was let in, and where to.
 *
 * @param keys what the password gave away
 */
record Login(PoolKey key, String database, String role, ScramKeys keys) {}
