/**
 * What Postgres 17's WAL records do to a page: {@link dev.sluice.storage.postgres.v17.redo.Redo17}
 * and one class per resource manager behind it.
 *
 * <p>A record is redone on one page at a time; its other pages are not there. Postgres writes WAL
 * so that this is always possible: redo of a block reads nothing but the record and that block.
 */
@NullMarked
package dev.sluice.storage.postgres.v17.redo;

import org.jspecify.annotations.NullMarked;
