package dev.sluice.walservice.wal;

/**
 * Where a relation's files are, as Postgres's {@code RelFileLocator} ({@code
 * storage/relfilelocator.h}): tablespace, database (0 for shared relations) and relfilenumber, each
 * an unsigned 32-bit oid.
 */
public record RelFileLocator(int tablespace, int database, int relation)
        implements Comparable<RelFileLocator> {
    /** {@code DEFAULTTABLESPACE_OID}, the directory {@code base/}. */
    public static final int DEFAULT_TABLESPACE = 1663;

    /** {@code GLOBALTABLESPACE_OID}, the directory {@code global/}. */
    public static final int GLOBAL_TABLESPACE = 1664;

    @Override
    public int compareTo(RelFileLocator other) {
        int order = Integer.compareUnsigned(tablespace, other.tablespace);
        if (order == 0) {
            order = Integer.compareUnsigned(database, other.database);
        }
        return order != 0 ? order : Integer.compareUnsigned(relation, other.relation);
    }

    @Override
    public String toString() {
        return Integer.toUnsignedString(tablespace)
                + "/"
                + Integer.toUnsignedString(database)
                + "/"
                + Integer.toUnsignedString(relation);
    }
}
