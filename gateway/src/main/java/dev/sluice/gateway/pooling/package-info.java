/**
 * Transaction pooling: clients of {@code -pooler} endpoints share server connections, each for one
 * transaction at a time. A pool belongs to an endpoint, a database and a role, and lives with all
 * its clients and server connections on one event loop. {@link
 * dev.sluice.gateway.pooling.ClientInput} and {@link dev.sluice.gateway.pooling.ServerOutput} read
 * what the two sides of a {@link dev.sluice.gateway.pooling.PooledClient} and its {@link
 * dev.sluice.gateway.pooling.PooledServer} say, and pass buffers on as they came wherever nothing
 * has to be changed; who gets which connection is decided in {@code queue}, what may be shared in
 * {@code statement} and {@code state}.
 */
@NullMarked
package dev.sluice.gateway.pooling;

import org.jspecify.annotations.NullMarked;
