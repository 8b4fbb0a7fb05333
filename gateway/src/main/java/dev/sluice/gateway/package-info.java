/**
 * The front door. {@link dev.sluice.gateway.Gateway} listens on one port; each connection goes
 * through encryption and startup, is authenticated ({@code session}), waits for its compute ({@code
 * compute}), and is then relayed ({@code relay}), or parked while the compute sleeps ({@code
 * parking}). Everything runs on event loops and nothing blocks; a client and its server connection
 * share one loop, so a session's state needs no locks.
 */
@NullMarked
package dev.sluice.gateway;

import org.jspecify.annotations.NullMarked;
