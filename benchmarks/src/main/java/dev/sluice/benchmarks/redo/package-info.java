/**
 * Redo measured: record by record, page by page, and a whole WAL end to end beside Postgres's own
 * recovery.
 */
@NullMarked
package dev.sluice.benchmarks.redo;

import org.jspecify.annotations.NullMarked;
