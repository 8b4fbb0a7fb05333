/**
 * Server connections for SQL over HTTP: one request has one at a time, and finds it as if it were
 * new. They block, on virtual threads.
 */
@NullMarked
package dev.sluice.gateway.http.pool;

import org.jspecify.annotations.NullMarked;
