/** The client's wait for the first row of a database that nobody was using. */
@NullMarked
package dev.sluice.benchmarks.wake;

import org.jspecify.annotations.NullMarked;
