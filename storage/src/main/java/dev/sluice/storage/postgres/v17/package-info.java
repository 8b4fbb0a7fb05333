/**
 * Postgres 17: the layouts of its control file and checkpoint, and what its WAL records mean to
 * ingest. Each class names the Postgres file whose {@code _redo} routine it follows.
 */
@NullMarked
package dev.sluice.storage.postgres.v17;

import org.jspecify.annotations.NullMarked;
