package dev.sluice.storage.postgres;

import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.io.Serial;

/**
 * A cluster's catalogs at one moment, read from its pages: no compute is asked. What was committed
 * then is seen, as a session would have that began at that moment.
 */
public interface RelationCatalog {

    /**
     * A relation.
     *
     * @param oid its oid, an unsigned 32-bit number
     * @param schema its schema's name
     */
    record Relation(int oid, String schema, String name, RelFileLocator locator) {}

    /** There is no database or relation of that name. */
    final class NotFoundException extends IOException {
        @Serial private static final long serialVersionUID = 1L;

        public NotFoundException(String message) {
            super(message);
        }
    }

    /**
     * Finds a database.
     *
     * @return its oid, an unsigned 32-bit number
     * @throws NotFoundException if there was none of that name
     */
    int database(String name) throws IOException;

    /**
     * Finds a relation of any kind that has storage.
     *
     * @param database the oid of the database that it is in
     * @param name {@code table} or {@code schema.table} as in SQL: folded to lower case unless in
     *     double quotes. Without a schema, that in {@code public} or {@code pg_catalog} is meant,
     *     or the only one of that name
     * @throws NotFoundException if there was none, it has no storage, or there were several; the
     *     message says which
     */
    Relation relation(int database, String name) throws IOException;
}
