/**
 * Which bytes of two versions of a page may differ though both are right: hint bits, page LSNs,
 * unused space, and what Postgres 17 changes on pages without a WAL record.
 */
@NullMarked
package dev.sluice.storage.postgres.v17.mask;

import org.jspecify.annotations.NullMarked;
