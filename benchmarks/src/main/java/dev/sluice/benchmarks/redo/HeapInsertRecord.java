package dev.sluice.benchmarks.redo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A heap insert of one tuple as Postgres 17 writes it ({@code access/xlogrecord.h}, {@code
 * access/heapam_xlog.h}): header, one block reference, tuple, offset number and flags.
 */
final class HeapInsertRecord {
    private static final int RM_HEAP = 10;
    private static final int INIT_PAGE = 0x80;
    private static final int WILL_INIT = 0x40;
    private static final int HAS_DATA = 0x20;
    private static final int SHORT_MAIN_DATA = 255;
    private static final int HEADER_BYTES = 24;
    private static final int BLOCK_HEADER_BYTES = 20;
    private static final int TUPLE_HEADER_BYTES = 5;
    private static final int MAIN_BYTES = 3;

    private HeapInsertRecord() {}

    /**
     * The record's bytes; its CRC is left 0, since neither parsing nor redo looks at it.
     *
     * @param block where it goes
     * @param offsetNumber the line pointer it takes; 1 makes the page new
     * @param tupleBytes of the tuple after its fixed header, the null bitmap's padding included
     */
    static byte[] of(int block, int offsetNumber, int tupleBytes) {
        boolean first = offsetNumber == 1;
        int dataBytes = TUPLE_HEADER_BYTES + tupleBytes;
        int total = HEADER_BYTES + BLOCK_HEADER_BYTES + 2 + dataBytes + MAIN_BYTES;
        ByteBuffer out = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(total).putInt(731).putLong(0x1000000L);
        out.put((byte) (first ? INIT_PAGE : 0)).put((byte) RM_HEAP).putShort((short) 0).putInt(0);
        out.put((byte) 0).put((byte) (HAS_DATA | (first ? WILL_INIT : 0)));
        out.putShort((short) dataBytes);
        out.putInt(1663).putInt(5).putInt(16384).putInt(block);
        out.put((byte) SHORT_MAIN_DATA).put((byte) MAIN_BYTES);
        // Three columns, no nulls, the tuple's data right after its 24-byte header.
        out.putShort((short) 3).putShort((short) 0x0802).put((byte) 24);
        out.position(out.position() + tupleBytes);
        out.putShort((short) offsetNumber).put((byte) 0);
        return out.array();
    }
}
