/**
 * Ingest: what a WAL record changes, as keys and values. {@link
 * dev.sluice.storage.ingest.WalIngest} is the way in; what a record means depends on the Postgres
 * major and is known in {@code dev.sluice.storage.postgres}; what is the same in every major (sizes
 * of relations, growth, zero pages, what a sink receives) is here.
 */
@NullMarked
package dev.sluice.storage.ingest;

import org.jspecify.annotations.NullMarked;
