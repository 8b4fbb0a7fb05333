/** What connections cost: those that do nothing, and those that come back from being parked. */
@NullMarked
package dev.sluice.benchmarks.connections;

import org.jspecify.annotations.NullMarked;
