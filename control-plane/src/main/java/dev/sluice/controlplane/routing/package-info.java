/**
 * What the gateway is told: where a client's connection leads, what verifies its role, how its
 * compute wakes.
 */
@NullMarked
package dev.sluice.controlplane.routing;

import org.jspecify.annotations.NullMarked;
