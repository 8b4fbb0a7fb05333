package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Databases made and dropped, and relation maps ({@code dbase_redo} in {@code dbcommands.c}, {@code
 * relmap_redo} in {@code relmapper.c}).
 */
final class DatabaseRecords {
    private static final int CREATE_FILE_COPY = 0x00;
    private static final int CREATE_WAL_LOG = 0x10;
    private static final int DROP = 0x20;

    private static final int MAP_UPDATE = 0x00;
    private static final int MAP_BYTES = 524;
    private static final int MAP_CRC = MAP_BYTES - Integer.BYTES;

    private static final Value.Image VERSION_FILE =
            new Value.Image((Postgres17.NUMBER + "\n").getBytes(StandardCharsets.US_ASCII));

    private final RecordScope scope;

    DatabaseRecords(RecordScope scope) {
        this.scope = scope;
    }

    void ingest(WalRecord record) throws IOException {
        ByteBuffer main = RecordData.main(record);
        int database = main.getInt();
        switch (record.rmgrInfo()) {
            case CREATE_FILE_COPY -> {
                int tablespace = checkedTablespace(main.getInt(), database);
                int source = main.getInt();
                copy(checkedTablespace(main.getInt(), source), source, tablespace, database);
            }
            case CREATE_WAL_LOG -> {
                int tablespace = checkedTablespace(main.getInt(), database);
                scope.put(Key.database(tablespace, database), VERSION_FILE);
            }
            case DROP -> {
                for (int tablespace : RecordData.counted(main)) {
                    drop(checkedTablespace(tablespace, database), database);
                }
            }
            default -> throw scope.refuse("unknown info");
        }
    }

    private int checkedTablespace(int tablespace, int database) throws IOException {
        scope.checkTablespace(tablespace, "database " + Integer.toUnsignedString(database));
        return tablespace;
    }

    /**
     * Copies a database as Postgres copies its files: it wrote out all that it had in memory just
     * before, and nobody is connected, so the files are what the timeline holds before this record.
     */
    private void copy(int fromTablespace, int from, int tablespace, int database)
            throws IOException {
        byte[] map = scope.read(Key.relationMap(fromTablespace, from));
        byte[] version = scope.read(Key.database(fromTablespace, from));
        if (map == null || version == null) {
            throw scope.refuse(
                    "database " + Integer.toUnsignedString(from) + ", to be copied, is not there");
        }
        Set<Key> brought = new HashSet<>();
        for (Key size :
                scope.keys(firstSize(fromTablespace, from), endOfSizes(fromTablespace, from))) {
            RelFileLocator target = new RelFileLocator(tablespace, database, size.relation());
            copyFork(size, target);
            brought.add(Key.relationSize(target, Fork.ofNumber(size.fork())));
        }
        clear(tablespace, database, brought);
        scope.put(Key.relationMap(tablespace, database), new Value.Image(map));
        scope.put(Key.database(tablespace, database), new Value.Image(version));
    }

    /**
     * Whatever else was in the directory goes away ({@code rmtree} in {@code dbase_redo}): a copy
     * that failed may have left something there.
     */
    private void clear(int tablespace, int database, Set<Key> brought) throws IOException {
        for (Key size :
                scope.keys(firstSize(tablespace, database), endOfSizes(tablespace, database))) {
            if (!brought.contains(size)) {
                scope.dropFork(size.locator(), Fork.ofNumber(size.fork()));
            }
        }
    }

    private void copyFork(Key size, RelFileLocator target) throws IOException {
        RelFileLocator source = size.locator();
        Fork fork = Fork.ofNumber(size.fork());
        int blocks = scope.blocks(source, fork);
        scope.createFork(target, fork);
        for (int block = 0; block < blocks; block++) {
            byte[] page = scope.read(Key.relationBlock(source, fork, block));
            if (page != null) {
                scope.putBlock(target, fork, block, new Value.Image(page));
            }
        }
        scope.extendFork(target, fork, blocks);
        scope.truncateFork(target, fork, blocks);
    }

    private void drop(int tablespace, int database) throws IOException {
        for (Key size :
                scope.keys(firstSize(tablespace, database), endOfSizes(tablespace, database))) {
            scope.dropFork(size.locator(), Fork.ofNumber(size.fork()));
        }
        scope.put(Key.relationMap(tablespace, database), Value.Image.REMOVED);
        scope.put(Key.database(tablespace, database), Value.Image.REMOVED);
    }

    private static Key firstSize(int tablespace, int database) {
        return new Key(Key.RELATION_SIZE, tablespace, database, 0, 0, 0);
    }

    private static Key endOfSizes(int tablespace, int database) {
        return new Key(Key.RELATION_SIZE, tablespace, database, -1, 0xFF, -1);
    }

    /** The record's data is the file, but for the checksum, which is made anew. */
    void ingestMap(WalRecord record) throws IOException {
        if (record.rmgrInfo() != MAP_UPDATE) {
            throw scope.refuse("unknown info");
        }
        ByteBuffer main = RecordData.main(record);
        int database = main.getInt();
        int tablespace = checkedTablespace(main.getInt(), database);
        int bytes = main.getInt();
        if (bytes != MAP_BYTES) {
            throw scope.refuse("a relation map of " + bytes + " bytes, not " + MAP_BYTES);
        }
        byte[] file = new byte[MAP_BYTES];
        main.get(file);
        CRC32C crc = new CRC32C();
        crc.update(file, 0, MAP_CRC);
        LittleEndian.put32(file, MAP_CRC, (int) crc.getValue());
        scope.put(Key.relationMap(tablespace, database), new Value.Image(file));
    }
}
