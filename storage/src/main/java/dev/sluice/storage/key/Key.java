package dev.sluice.storage.key;

import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.nio.ByteBuffer;

/**
 * The name of one thing that a timeline holds versions of. Eighteen bytes, big-endian, ordered as
 * unsigned bytes:
 *
 * <pre>
 *   0      1            5           9           13     14          18
 *   +------+------------+-----------+-----------+------+-----------+
 *   | kind | tablespace | database  | relation  | fork | block     |
 *   +------+------------+-----------+-----------+------+-----------+
 *
 *   kind  what                          fields used                                     value
 *   0x01  relation block                tablespace, database, relation, fork, block     page, 8192 bytes
 *   0x02  relation size                 tablespace, database, relation, fork            {@link BlockCount}; empty = removed
 *   0x03  relation map file             tablespace, database                            the file; empty = removed
 *   0x04  database                      tablespace, database                            PG_VERSION text; empty = dropped
 *   0x10  SLRU block                    relation = {@link Slru} number, block           page, 8192 bytes
 *   0x11  SLRU segment                  relation = {@link Slru} number, block = segment {@link BlockCount}; empty = removed
 *   0x20  two-phase state               database = epoch, relation = xid                the file; empty = removed
 *   0x21  replication origin            relation = origin id                            progress; empty = removed
 *   0x30  control file                  none                                            ControlFileData as initdb left it
 *   0x31  checkpoint                    none                                            CheckPoint, kept current by ingest
 *   0x40  auxiliary file                relation, block = hash of the path              path and bytes; empty = removed
 * </pre>
 *
 * <p>Keys of kind 0x02 are sparse and have images only, so one scan over them lists every relation
 * with its size.
 */
public record Key(int kind, int tablespace, int database, int relation, int fork, int block)
        implements Comparable<Key> {
    public static final int BYTES = 18;

    public static final int RELATION_BLOCK = 0x01;
    public static final int RELATION_SIZE = 0x02;
    public static final int RELATION_MAP = 0x03;
    public static final int DATABASE = 0x04;
    public static final int SLRU_BLOCK = 0x10;
    public static final int SLRU_SEGMENT = 0x11;
    public static final int TWO_PHASE = 0x20;
    public static final int REPLICATION_ORIGIN = 0x21;
    public static final int CONTROL_FILE = 0x30;
    public static final int CHECKPOINT = 0x31;
    public static final int AUXILIARY_FILE = 0x40;

    public static final Key MIN = new Key(0, 0, 0, 0, 0, 0);
    public static final Key MAX = new Key(0xFF, -1, -1, -1, 0xFF, -1);
    public static final Key OF_CONTROL_FILE = new Key(CONTROL_FILE, 0, 0, 0, 0, 0);
    public static final Key OF_CHECKPOINT = new Key(CHECKPOINT, 0, 0, 0, 0, 0);

    public static Key relationBlock(RelFileLocator relation, Fork fork, int block) {
        return new Key(
                RELATION_BLOCK,
                relation.tablespace(),
                relation.database(),
                relation.relation(),
                fork.number(),
                block);
    }

    public static Key relationSize(RelFileLocator relation, Fork fork) {
        return new Key(
                RELATION_SIZE,
                relation.tablespace(),
                relation.database(),
                relation.relation(),
                fork.number(),
                0);
    }

    public static Key relationMap(int tablespace, int database) {
        return new Key(RELATION_MAP, tablespace, database, 0, 0, 0);
    }

    public static Key database(int tablespace, int database) {
        return new Key(DATABASE, tablespace, database, 0, 0, 0);
    }

    public static Key slruBlock(Slru slru, int block) {
        return new Key(SLRU_BLOCK, 0, 0, slru.number(), 0, block);
    }

    public static Key slruSegment(Slru slru, int segment) {
        return new Key(SLRU_SEGMENT, 0, 0, slru.number(), 0, segment);
    }

    public static Key twoPhase(int epoch, int xid) {
        return new Key(TWO_PHASE, 0, epoch, xid, 0, 0);
    }

    public static Key replicationOrigin(int origin) {
        return new Key(REPLICATION_ORIGIN, 0, 0, origin, 0, 0);
    }

    public RelFileLocator locator() {
        return new RelFileLocator(tablespace, database, relation);
    }

    public void write(ByteBuffer out) {
        out.put((byte) kind)
                .putInt(tablespace)
                .putInt(database)
                .putInt(relation)
                .put((byte) fork)
                .putInt(block);
    }

    public static Key read(ByteBuffer in) {
        return new Key(
                in.get() & 0xFF,
                in.getInt(),
                in.getInt(),
                in.getInt(),
                in.get() & 0xFF,
                in.getInt());
    }

    @Override
    public int compareTo(Key other) {
        int order = Integer.compare(kind, other.kind);
        if (order == 0) {
            order = Integer.compareUnsigned(tablespace, other.tablespace);
        }
        if (order == 0) {
            order = Integer.compareUnsigned(database, other.database);
        }
        if (order == 0) {
            order = Integer.compareUnsigned(relation, other.relation);
        }
        if (order == 0) {
            order = Integer.compare(fork, other.fork);
        }
        return order != 0 ? order : Integer.compareUnsigned(block, other.block);
    }
}
