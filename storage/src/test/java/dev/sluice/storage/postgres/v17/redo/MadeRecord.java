package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** A record made by hand, of what Postgres writes too seldom to be recorded. */
final class MadeRecord {
    static final RelFileLocator RELATION = new RelFileLocator(1663, 5, 16384);
    static final Lsn END = Lsn.parse("3/1000028");

    private static final int HAS_DATA = 0x20;

    private final int manager;
    private final int info;
    private final ByteBuffer blocks = little(8192);
    private final ByteBuffer data = little(8192);
    private final List<Key> keys = new ArrayList<>();

    MadeRecord(int manager, int info) {
        this.manager = manager;
        this.info = info;
    }

    static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Registers a block under the next id. */
    MadeRecord block(Fork fork, int number, byte... content) {
        int flags = fork.number() | (content.length > 0 ? HAS_DATA : 0);
        blocks.put((byte) keys.size()).put((byte) flags).putShort((short) content.length);
        blocks.putInt(RELATION.tablespace()).putInt(RELATION.database());
        blocks.putInt(RELATION.relation()).putInt(number);
        data.put(content);
        keys.add(Key.relationBlock(RELATION, fork, number));
        return this;
    }

    /** Redoes the record with that main data on one of its blocks. */
    void redo(int block, byte[] page, ByteBuffer main) throws RedoException {
        byte[] mainData = bytes(main, main.capacity());
        int length = 24 + blocks.position() + 2 + data.position() + mainData.length;
        ByteBuffer record = little(length);
        record.putInt(length).putInt(750).putLong(0).put((byte) info).put((byte) manager);
        record.position(24);
        record.put(bytes(blocks, blocks.position()));
        record.put((byte) 255).put((byte) mainData.length);
        record.put(bytes(data, data.position())).put(mainData);
        Value.Wal change = new Value.Wal(bytes(record, length), false);
        new Redo17().apply(keys.get(block), page, change, END);
    }

    static byte[] bytes(ByteBuffer buffer, int length) {
        byte[] bytes = new byte[length];
        buffer.get(0, bytes);
        return bytes;
    }
}
