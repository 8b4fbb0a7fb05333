/**
 * A client's way in: encryption and startup ({@link dev.sluice.gateway.session.StartupHandler}),
 * SCRAM ({@link dev.sluice.gateway.session.AuthenticationHandler}), the wait for the compute and
 * the login there ({@link dev.sluice.gateway.session.ComputeLogin}).
 */
@NullMarked
package dev.sluice.gateway.session;

import org.jspecify.annotations.NullMarked;
