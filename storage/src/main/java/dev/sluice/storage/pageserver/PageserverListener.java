package dev.sluice.storage.pageserver;

import dev.sluice.storage.ingest.SharedCatalog;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;

/**
 * Is told what happens in a pageserver: for metrics, and for those who follow what a database's WAL
 * says. Called on the thread at work: quick, and never throwing.
 */
public interface PageserverListener {
    PageserverListener NONE = new PageserverListener() {};

    /** Pages were read, or could not be. */
    default void pagesRead(TenantTimelineId id, int count, long nanos, boolean failed) {}

    /** A base backup was made. */
    default void baseBackupMade(TenantTimelineId id, long nanos) {}

    /** Some WAL was ingested. */
    default void ingested(TenantTimelineId id, int records, long walBytes, Lsn upTo) {}

    /** A transaction that changed a shared catalog is ingested and can be read at {@code at}. */
    default void catalogChanged(TenantTimelineId id, SharedCatalog catalog, Lsn at) {}

    /** Ingest of a timeline stopped. */
    default void ingestStopped(TenantTimelineId id, Throwable cause) {}
}
