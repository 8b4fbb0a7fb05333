package dev.sluice.storage.oracle;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.walservice.wal.Fork;

/** Names of what keys stand for, as the files of a data directory are named. */
final class BlockNames {
    private BlockNames() {}

    /** For instance {@code base/5/16384_vm block 3}, {@code pg_xact/0000 block 31}. */
    static String of(Key key) {
        return switch (key.kind()) {
            case Key.RELATION_BLOCK ->
                    directory(key)
                            + Integer.toUnsignedString(key.relation())
                            + Fork.ofNumber(key.fork()).suffix()
                            + " block "
                            + Integer.toUnsignedString(key.block());
            case Key.RELATION_SIZE ->
                    directory(key)
                            + Integer.toUnsignedString(key.relation())
                            + Fork.ofNumber(key.fork()).suffix();
            case Key.SLRU_BLOCK ->
                    Slru.ofNumber(key.relation()).segmentFile(key.block() / Slru.BLOCKS_PER_SEGMENT)
                            + " block "
                            + key.block() % Slru.BLOCKS_PER_SEGMENT;
            case Key.SLRU_SEGMENT -> Slru.ofNumber(key.relation()).segmentFile(key.block());
            case Key.RELATION_MAP -> directory(key) + "pg_filenode.map";
            case Key.DATABASE -> directory(key) + "PG_VERSION";
            case Key.TWO_PHASE ->
                    String.format("pg_twophase/%08X%08X", key.database(), key.relation());
            case Key.REPLICATION_ORIGIN -> "replication origin " + key.relation();
            default -> key.toString();
        };
    }

    private static String directory(Key key) {
        return key.database() == 0
                ? "global/"
                : "base/" + Integer.toUnsignedString(key.database()) + "/";
    }
}
