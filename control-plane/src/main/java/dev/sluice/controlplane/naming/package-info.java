/**
 * Ids and secrets that people see: their shapes are those of the public API that {@code neonctl}
 * knows.
 */
@NullMarked
package dev.sluice.controlplane.naming;

import org.jspecify.annotations.NullMarked;
