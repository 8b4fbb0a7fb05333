/**
 * Cancel requests that arrive at another gateway than the session's: several gateways stand behind
 * one name, and a client opens a new connection to cancel.
 */
@NullMarked
package dev.sluice.gateway.cancel;

import org.jspecify.annotations.NullMarked;
