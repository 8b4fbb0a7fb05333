package dev.sluice.storage.ingest;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import java.io.IOException;

/**
 * Receives what one WAL record changes. Each key at most once per record; all of it belongs at the
 * record's end LSN. Values share the record's bytes.
 *
 * <p>Nearly every record gives a handful of values, but one that copies a database gives as many as
 * it has pages, so a sink must not collect them all in memory.
 */
public interface ModificationSink {

    void put(Key key, Value value) throws IOException;

    /** A transaction that changed a shared catalog has committed with this record. */
    default void changed(SharedCatalog catalog) {}
}
