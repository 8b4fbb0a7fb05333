/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677) as Postgres speaks it ({@code auth-scram.c}, {@code
 * fe-auth-scram.c}): verifiers, both sides of the exchange as pure state machines, and the exchange
 * that always fails, for roles that do not exist.
 */
@NullMarked
package dev.sluice.wire.scram;

import org.jspecify.annotations.NullMarked;
