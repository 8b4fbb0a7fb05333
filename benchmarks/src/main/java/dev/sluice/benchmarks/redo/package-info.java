/** WAL applied end to end, beside Postgres's own recovery of the same WAL. */
@NullMarked
package dev.sluice.benchmarks.redo;

import org.jspecify.annotations.NullMarked;
