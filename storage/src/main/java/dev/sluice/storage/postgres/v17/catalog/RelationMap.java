package dev.sluice.storage.postgres.v17.catalog;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.postgres.StoredState;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;

/**
 * Files of the catalogs that cannot tell their own ({@code pg_filenode.map}, {@code RelMapFile} in
 * {@code relmapper.c}): u32 magic, u32 count, then oid and file number of each, u32.
 */
final class RelationMap {
    private static final int MAGIC = 0x592717;
    private static final int MAPPINGS_AT = 8;
    private static final int MAX_MAPPINGS = 64;

    private final byte[] file;
    private final int count;
    private final int tablespace;
    private final int database;

    private RelationMap(byte[] file, int count, int tablespace, int database) {
        this.file = file;
        this.count = count;
        this.tablespace = tablespace;
        this.database = database;
    }

    /** The map of the relations that all databases share. */
    static RelationMap shared(StoredState state) throws IOException {
        return read(state, RelFileLocator.GLOBAL_TABLESPACE, 0);
    }

    static RelationMap of(StoredState state, int database) throws IOException {
        return read(state, RelFileLocator.DEFAULT_TABLESPACE, database);
    }

    private static RelationMap read(StoredState state, int tablespace, int database)
            throws IOException {
        byte[] file = state.read(Key.relationMap(tablespace, database));
        String name = "relation map of database " + Integer.toUnsignedString(database);
        if (file == null) {
            throw new IOException("there is no " + name);
        }
        int count = file.length < MAPPINGS_AT ? -1 : LittleEndian.i32(file, 4);
        if (count < 0
                || count > MAX_MAPPINGS
                || file.length < MAPPINGS_AT + 8 * count
                || LittleEndian.i32(file, 0) != MAGIC) {
            throw new IOException("the " + name + " is damaged");
        }
        return new RelationMap(file, count, tablespace, database);
    }

    /**
     * @throws IOException if the relation is not in the map
     */
    RelFileLocator locator(int oid) throws IOException {
        for (int i = 0; i < count; i++) {
            int at = MAPPINGS_AT + 8 * i;
            if (LittleEndian.i32(file, at) == oid) {
                return new RelFileLocator(tablespace, database, LittleEndian.i32(file, at + 4));
            }
        }
        throw new IOException("relation " + Integer.toUnsignedString(oid) + " is not in its map");
    }
}
