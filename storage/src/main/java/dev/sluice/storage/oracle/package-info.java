/**
 * The redo oracle: redoes a data directory's WAL through the same decoding, ingest and page redo
 * that the pageserver uses, and holds every page against what Postgres says it is: the images that
 * {@code wal_consistency_checking} puts beside a record's data, and the data directory that
 * Postgres itself made of the same WAL. {@link dev.sluice.storage.oracle.RedoOracle} is the way in.
 */
@NullMarked
package dev.sluice.storage.oracle;

import org.jspecify.annotations.NullMarked;
