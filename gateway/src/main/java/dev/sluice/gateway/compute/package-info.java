/**
 * Server connections: waking a compute, connecting to it, and logging in there with what a client's
 * own proof gave away ({@link dev.sluice.gateway.compute.ComputeConnector}).
 */
@NullMarked
package dev.sluice.gateway.compute;

import org.jspecify.annotations.NullMarked;
