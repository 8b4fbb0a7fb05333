/**
 * Sessions whose client and compute are connected: bytes move both ways undecoded, each direction
 * as fast as its reader reads, while the message boundaries tell what the session is doing.
 */
@NullMarked
package dev.sluice.gateway.relay;

import org.jspecify.annotations.NullMarked;
