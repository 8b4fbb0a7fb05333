/**
 * Who may come in, before anybody proves a password: from which addresses, how often, and who
 * stands in front of the gateway and may speak for a client.
 */
@NullMarked
package dev.sluice.gateway.door;

import org.jspecify.annotations.NullMarked;
