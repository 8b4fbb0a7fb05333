/**
 * Changes that a WAL record implies for pages which it does not register: visibility map bits,
 * commit log status, multixact entries, commit timestamps. Ingest encodes them, redo applies them.
 *
 * <p>{@link dev.sluice.storage.redo.change.PageChange} documents the encoding and what each one
 * does. None of them sets a page LSN: visibility map clears do not in Postgres either, and the
 * other pages have no header.
 */
@NullMarked
package dev.sluice.storage.redo.change;

import org.jspecify.annotations.NullMarked;
