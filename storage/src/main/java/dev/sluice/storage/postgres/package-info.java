/**
 * What differs between Postgres majors, behind {@link dev.sluice.storage.postgres.PostgresMajor}:
 * redo, ingest, the control file, the checkpoint. Nothing outside this package and those below it
 * knows a struct's layout.
 */
@NullMarked
package dev.sluice.storage.postgres;

import org.jspecify.annotations.NullMarked;
