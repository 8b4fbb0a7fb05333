package dev.sluice.storage.timeline;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.Chain;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

/**
 * A read ends with an error that names timeline, LSN, resource manager, info bits and block when a
 * record does not fit the page, or is unknown.
 */
class ReconstructionErrorTest {
    private static final Key KEY =
            Key.relationBlock(new RelFileLocator(1663, 5, 16384), Fork.MAIN, 7);
    private static final Lsn CHANGE = Lsn.parse("3/1000028");
    private static final Lsn READ = Lsn.parse("3/2000000");
    private static final int DELETE = 0x10;

    @Test
    void aTupleThatIsNotThere() {
        byte[] page = new byte[Page.SIZE];
        Page.init(page, 0);
        assertReadFails(page, record(ResourceManager.RM_HEAP_ID, DELETE), "Heap DELETE (info 0x10)")
                .hasMessageContaining("no line pointer 9, the page has 0");
    }

    @Test
    void aPageThatWasNeverMade() {
        assertReadFails(
                        new byte[Page.SIZE],
                        record(ResourceManager.RM_HEAP_ID, DELETE),
                        "Heap DELETE (info 0x10)")
                .hasMessageContaining("never initialized");
    }

    @Test
    void anIndexsRecordOnATablesPage() {
        byte[] page = new byte[Page.SIZE];
        Page.init(page, 0);
        assertReadFails(page, record(ResourceManager.RM_GIN_ID, 0x90), "Gin VACUUM_DATA_LEAF_PAGE")
                .hasMessageContaining("(info 0x90)");
    }

    @Test
    void anUnknownInfo() {
        byte[] page = new byte[Page.SIZE];
        Page.init(page, 0);
        assertReadFails(page, record(ResourceManager.RM_BTREE_ID, 0xF0), "Btree 0xF0 (info 0xF0)")
                .hasMessageContaining("unknown record type");
    }

    @Test
    void anUnknownManager() {
        byte[] page = new byte[Page.SIZE];
        Page.init(page, 0);
        assertReadFails(page, record(200, 0x20), "custom resource manager 200 0x20 (info 0x20)");
        assertReadFails(page, record(100, 0x20), "custom resource manager 100 (info 0x20)")
                .hasMessageContaining("there is no resource manager 100");
    }

    @Test
    void aRecordThatIsCutShort() {
        byte[] page = new byte[Page.SIZE];
        Page.init(page, 0);
        byte[] record = record(ResourceManager.RM_HEAP_ID, DELETE);
        LittleEndian.put32(record, 0, record.length + 1);
        assertReadFails(page, record, "Heap (info 0x10)").hasMessageContaining("record length");
    }

    private static AbstractThrowableAssert<?, ?> assertReadFails(
            byte[] page, byte[] record, String type) {
        Chain chain = new Chain(KEY, READ);
        chain.found(CHANGE.value(), new Value.Wal(record, false));
        chain.found(CHANGE.value() - 8, new Value.Image(page));
        Reconstruction reconstruction =
                new Reconstruction("timeline 1a2b", Postgres17.INSTANCE.redo());
        return assertThatThrownBy(() -> reconstruction.content(chain))
                .isInstanceOf(RedoException.class)
                .hasMessageContaining("timeline 1a2b")
                .hasMessageContaining("as of " + READ)
                .hasMessageContaining("ends at " + CHANGE)
                .hasMessageContaining(type)
                .hasMessageContaining(KEY.toString());
    }

    /** A record of one block without data, and as main data the deletion of tuple 9. */
    private static byte[] record(int manager, int info) {
        int main = 8;
        ByteBuffer record = ByteBuffer.allocate(24 + 4 + 12 + 4 + 2 + main);
        record.order(ByteOrder.LITTLE_ENDIAN);
        record.putInt(record.capacity()).putInt(750).putLong(0).put((byte) info);
        record.put((byte) manager).position(24);
        record.put((byte) 0).put((byte) 0).putShort((short) 0);
        record.putInt(KEY.tablespace()).putInt(KEY.database()).putInt(KEY.relation());
        record.putInt(KEY.block()).put((byte) 255).put((byte) main);
        record.putInt(750).putShort((short) 9);
        return record.array();
    }
}
