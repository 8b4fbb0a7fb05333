package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.RelFileLocator;

/** Where a relation's file is below the data directory ({@code GetRelationPath}). */
final class RelationPath {
    /** {@code TABLESPACE_VERSION_DIRECTORY}. */
    private static final String VERSION_DIRECTORY = "PG_17_202406281";

    private RelationPath() {}

    static String of(int tablespace, int database, int relation) {
        String file = Integer.toUnsignedString(relation);
        String directory = Integer.toUnsignedString(database) + "/";
        return switch (tablespace) {
            case RelFileLocator.GLOBAL_TABLESPACE -> "global/" + file;
            case RelFileLocator.DEFAULT_TABLESPACE -> "base/" + directory + file;
            default ->
                    "pg_tblspc/"
                            + Integer.toUnsignedString(tablespace)
                            + "/"
                            + VERSION_DIRECTORY
                            + "/"
                            + directory
                            + file;
        };
    }
}
