package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Makes records that Postgres did not write itself, such as the checkpoint that a compute starts
 * from. Source: {@code XLogRecordAssemble} in {@code access/transam/xloginsert.c}.
 */
public final class RecordEncoder {
    private static final int ID_DATA_SHORT = 255;
    private static final int ID_DATA_LONG = 254;
    private static final int LONGEST_SHORT_DATA = 255;

    private RecordEncoder() {}

    /**
     * A record with main data and no blocks, checksum included, as {@link WalRecord#parse} reads it
     * and {@link WalLayout} lays it down.
     *
     * @param resourceManager see {@link ResourceManager}
     * @param info all eight bits of {@code xl_info}
     * @param xid the transaction, 0 if none
     * @param prev where the record before it begins
     */
    public static byte[] encodeRecord(
            int resourceManager, int info, int xid, Lsn prev, byte[] mainData) {
        if (!ResourceManager.isValid(resourceManager) || (info & ~0xFF) != 0) {
            throw new IllegalArgumentException(
                    "no record has resource manager " + resourceManager + " and info " + info);
        }
        int dataHeader = dataHeaderSize(mainData.length);
        int total =
                Math.addExact(Math.addExact(WalRecord.HEADER_SIZE, dataHeader), mainData.length);
        ByteBuffer record = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
        record.putInt(total).putInt(xid).putLong(prev.value());
        record.put((byte) info).put((byte) resourceManager);
        record.position(WalRecord.HEADER_SIZE);
        if (dataHeader == 2) {
            record.put((byte) ID_DATA_SHORT).put((byte) mainData.length);
        } else if (dataHeader > 0) {
            record.put((byte) ID_DATA_LONG).putInt(mainData.length);
        }
        record.put(mainData);
        record.putInt(RecordHeader.CRC_OFFSET, RecordCrc.of(record.array()));
        return record.array();
    }

    private static int dataHeaderSize(int length) {
        if (length == 0) {
            return 0;
        }
        return length <= LONGEST_SHORT_DATA ? 2 : 5;
    }
}
