package dev.sluice.storage.ingest;

/** The shared catalogs whose changes other parts of Sluice want to know of. */
public enum SharedCatalog {
    /** {@code pg_authid}: a role was made, altered or dropped. */
    ROLES,
    /** {@code pg_database}: a database was made, altered or dropped. */
    DATABASES
}
