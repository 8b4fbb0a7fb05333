package dev.sluice.storage.postgres.v17.redo;

import static dev.sluice.storage.postgres.v17.redo.MadeRecord.little;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.page.HeapTuple;
import dev.sluice.storage.page.IndexItems;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.Items;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.page.VisibilityMap;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.ResourceManager;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/**
 * Forms of records that the workloads cannot reach: they need a table of gigabytes, a moment
 * between two locks, or pages of an old version.
 */
class SeldomRecordsTest {
    private static final int SPECIAL = Page.SIZE - 16;
    private static final int HASH_SPARES_AT = Page.HEADER_BYTES + 52;
    private static final int HASH_MAPS_AT = HASH_SPARES_AT + 4 * 98;

    /** After 32,768 overflow pages a hash index needs a second bitmap. */
    @Test
    void aHashIndexGetsAnotherBitmapPage() throws Exception {
        MadeRecord record =
                new MadeRecord(ResourceManager.RM_HASH_ID, 0x30)
                        .block(Fork.MAIN, 40_001, (byte) 9, (byte) 0, (byte) 0, (byte) 0)
                        .block(Fork.MAIN, 17)
                        .block(Fork.MAIN, 3, (byte) 0xFF, (byte) 0x7F, (byte) 0, (byte) 0)
                        .block(Fork.MAIN, 40_000)
                        .block(Fork.MAIN, 0, (byte) 1, (byte) 0x80, (byte) 0, (byte) 0);
        ByteBuffer main = little(3).putShort((short) 4096).put((byte) 0);

        byte[] bitmap = new byte[Page.SIZE];
        Page.init(bitmap, 16);
        record.redo(3, bitmap, main);
        assertThat(LittleEndian.u16(bitmap, SPECIAL + 12)).isEqualTo(HashPages.BITMAP);
        assertThat(Page.lower(bitmap)).isEqualTo(Page.HEADER_BYTES + 4096);
        assertThat(LittleEndian.i64(bitmap, Page.HEADER_BYTES + 4088)).isEqualTo(-1);
        assertThat(LittleEndian.i64(bitmap, Page.HEADER_BYTES + 4096)).isZero();

        byte[] first = new byte[Page.SIZE];
        HashPages.initBitmap(first, 4096);
        HashPages.setBit(first, 0x7FFF, false);
        record.redo(2, first, main);
        assertThat(first[Page.HEADER_BYTES + 4095]).isEqualTo((byte) 0xFF);

        byte[] meta = new byte[Page.SIZE];
        HashPages.initMeta(meta, 600, 450, 307);
        int point = LittleEndian.i32(meta, HashPages.OVERFLOW_POINT);
        HashPages.addMap(meta, 3);
        record.redo(4, meta, main);
        assertThat(LittleEndian.i32(meta, HashPages.FIRST_FREE)).isEqualTo(0x8001);
        assertThat(LittleEndian.i32(meta, HASH_SPARES_AT + 4 * point)).isEqualTo(1 + 2);
        assertThat(LittleEndian.i32(meta, HASH_MAPS_AT)).isEqualTo(3);
        assertThat(LittleEndian.i32(meta, HASH_MAPS_AT + 4)).isEqualTo(40_000);
    }

    /** Postgres frees a bucket's pages from the end, so that there is hardly ever a next one. */
    @Test
    void aFreedHashPageHasANextOne() throws Exception {
        MadeRecord record = new MadeRecord(ResourceManager.RM_HASH_ID, 0x80);
        for (int block = 10; block < 17; block++) {
            record.block(Fork.MAIN, block);
        }
        ByteBuffer main = little(12).putInt(13).putInt(14).putShort((short) 0);
        byte[] next = new byte[Page.SIZE];
        HashPages.init(next, 12, 5, HashPages.OVERFLOW);
        record.redo(4, next, main);
        assertThat(LittleEndian.i32(next, SPECIAL)).isEqualTo(13);
        byte[] previous = new byte[Page.SIZE];
        HashPages.init(previous, 11, 5, HashPages.OVERFLOW);
        record.redo(3, previous, main);
        assertThat(LittleEndian.i32(previous, SPECIAL + 4)).isEqualTo(14);
    }

    @Test
    void aLockedNewerVersionIsOnAFrozenPage() throws Exception {
        MadeRecord record =
                new MadeRecord(ResourceManager.RM_HEAP2_ID, 0x60)
                        .block(Fork.MAIN, 6)
                        .block(Fork.VISIBILITY_MAP, 0);
        byte[] map = new byte[Page.SIZE];
        Page.init(map, 0);
        VisibilityMap.set(map, 5, VisibilityMap.VALID_BITS);
        VisibilityMap.set(map, 6, VisibilityMap.VALID_BITS);
        record.redo(1, map, little(8));
        assertThat(VisibilityMap.get(map, 6)).isEqualTo(VisibilityMap.ALL_VISIBLE);
        assertThat(VisibilityMap.get(map, 5)).isEqualTo(VisibilityMap.VALID_BITS);
    }

    /** An inner tuple moves to the page that its parent is on. */
    @Test
    void anSpgistTupleMovesToItsParent() throws Exception {
        byte[] page = new byte[Page.SIZE];
        SpgistPages.init(page, 0);
        byte[] parent = innerTuple(2, 100, 1);
        IndexItems.insert(page, 1, parent, 0, parent.length);
        byte[] moved = innerTuple(1, 300, 5);
        ByteBuffer main = little(20 + moved.length);
        main.putShort((short) 4).putShort((short) 2).put((byte) 0).put((byte) 1);
        main.putShort((short) 1).putShort((short) 1);
        main.position(20);
        main.put(moved);
        new MadeRecord(ResourceManager.RM_SPGIST_ID, 0x30)
                .block(Fork.MAIN, 8)
                .block(Fork.MAIN, 11)
                .redo(1, page, main);

        int secondNode = Items.findIndexTuple(page, 1) + 8 + 16;
        assertThat(IndexTuple.block(page, secondNode)).isEqualTo(11);
        assertThat(IndexTuple.offsetNumber(page, secondNode)).isEqualTo(2);
        assertThat(IndexTuple.block(page, secondNode - 16)).isEqualTo(100);
        assertThat(Page.lsn(page)).isEqualTo(MadeRecord.END.value());
        assertThat(Items.length(page, 2)).isEqualTo(moved.length);
    }

    /** An inner tuple without prefix, whose nodes of 16 bytes all point at one place. */
    private static byte[] innerTuple(int nodes, int block, int offsetNumber) {
        byte[] tuple = new byte[8 + 16 * nodes];
        LittleEndian.put32(tuple, 0, nodes << 3);
        LittleEndian.put16(tuple, 4, tuple.length);
        for (int node = 0; node < nodes; node++) {
            int at = 8 + 16 * node;
            IndexTuple.setBlock(tuple, at, block);
            IndexTuple.setOffsetNumber(tuple, at, offsetNumber);
            IndexTuple.setInfo(tuple, at, 16);
        }
        return tuple;
    }

    /** Rows that VACUUM FULL of Postgres before 9.0 moved are frozen by their own two flags. */
    @Test
    void rowsThatAnAncientVacuumMovedAreFrozen() throws Exception {
        byte[] page = new byte[Page.SIZE];
        Page.init(page, 0);
        int first = Tuples.add(page, 0, 1, 5, 700, 1, HeapTuple.MOVED, 24);
        int second = Tuples.add(page, 0, 2, 5, 700, 1, HeapTuple.MOVED, 24);
        ByteBuffer data = little(4 + 2 * 12 + 4);
        data.putShort((short) 2).putShort((short) 0);
        data.putInt(0).putShort((short) 1).putShort((short) 0x0B00).put((byte) 0x02).put((byte) 0);
        data.putShort((short) 1);
        data.putInt(0).putShort((short) 1).putShort((short) 0x0B00).put((byte) 0x04).put((byte) 0);
        data.putShort((short) 1);
        data.putShort((short) 1).putShort((short) 2);
        new MadeRecord(ResourceManager.RM_HEAP2_ID, 0x20)
                .block(Fork.MAIN, 0, MadeRecord.bytes(data, data.capacity()))
                .redo(0, page, little(2).put((byte) 0).put((byte) 0x10));
        assertThat(LittleEndian.i32(page, first + 8)).isEqualTo(2);
        assertThat(LittleEndian.i32(page, second + 8)).isZero();
        assertThat(HeapTuple.infomask(page, second)).isEqualTo(0x0B00);
    }

    @Test
    void aPageThatIsAheadIsLeftAlone() throws Exception {
        byte[] page = new byte[Page.SIZE];
        Page.init(page, 0);
        Page.setLsn(page, MadeRecord.END.value());
        byte[] before = page.clone();
        MadeRecord delete = new MadeRecord(ResourceManager.RM_HEAP_ID, 0x10).block(Fork.MAIN, 0);
        delete.redo(0, page, little(8).putInt(750).putShort((short) 1));
        assertThat(page).isEqualTo(before);
    }

    @Test
    void blocksPast65535AreWrittenInBothHalves() {
        byte[] position = new byte[6];
        IndexTuple.setBlock(position, 0, 0x12345678);
        assertThat(IndexTuple.block(position, 0)).isEqualTo(0x12345678);
        assertThat(LittleEndian.u16(position, 0)).isEqualTo(0x1234);
        assertThat(LittleEndian.u16(position, 2)).isEqualTo(0x5678);
    }
}
