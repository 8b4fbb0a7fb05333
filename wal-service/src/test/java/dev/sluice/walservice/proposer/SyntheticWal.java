package dev.sluice.walservice.proposer;

import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * WAL as a compute would write it, in memory: XLOG_NOOP records with random contents, on pages with
 * right headers. Reads past what was written give zeros, as in a preallocated segment.
 */
public final class SyntheticWal implements LocalWal {
    private static final int PAGE = WalSegments.PAGE_SIZE;
    private static final int RECORD_HEADER = 24;
    private static final int LONG_DATA_HEADER = 5;

    private final Map<Long, byte[]> pages = new HashMap<>();
    private final Random random;
    private Lsn end;
    private Lsn previous = Lsn.INVALID;
    private Lsn removedBelow = Lsn.INVALID;

    public SyntheticWal(Lsn start, long seed) {
        this(start, Lsn.INVALID, seed);
    }

    /**
     * Goes on where another compute's WAL ends.
     *
     * @param previous where its last record begins
     */
    public SyntheticWal(Lsn start, Lsn previous, long seed) {
        end = start;
        this.previous = previous;
        random = new Random(seed);
    }

    /** The end of the last record. */
    public synchronized Lsn end() {
        return end;
    }

    /** Where the last record begins. */
    public synchronized Lsn previous() {
        return previous;
    }

    /** What Postgres would say it has written: the end of the last page. */
    public synchronized Lsn writtenUpTo() {
        return WalSegments.pageEnd(end);
    }

    /** Adds a record with so many bytes of contents; returns its end. */
    public synchronized Lsn append(int contents) {
        int total = RECORD_HEADER + LONG_DATA_HEADER + contents;
        ByteBuffer record = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
        byte[] bytes = new byte[contents];
        random.nextBytes(bytes);
        Lsn start = WalSegments.recordStart(end);
        record.putInt(total).putInt(0).putLong(previous.value());
        record.put((byte) 0x20).put((byte) 0).putShort((short) 0).putInt(0);
        record.put((byte) 254).putInt(contents).put(bytes);
        CRC32C crc = new CRC32C();
        crc.update(record.slice(RECORD_HEADER, total - RECORD_HEADER));
        crc.update(record.slice(0, RECORD_HEADER - 4));
        record.putInt(RECORD_HEADER - 4, (int) crc.getValue());
        end = place(record.flip()).aligned();
        previous = start;
        return end;
    }

    private Lsn place(ByteBuffer record) {
        Lsn at = end;
        boolean first = true;
        while (record.hasRemaining()) {
            byte[] page = pages.computeIfAbsent(at.value() / PAGE, _ -> new byte[PAGE]);
            if (WalSegments.pageOffset(at) == 0) {
                writeHeader(page, at, first ? 0 : record.remaining());
                at = WalSegments.firstUsable(at);
            }
            int offset = WalSegments.pageOffset(at);
            int length = Math.min(record.remaining(), PAGE - offset);
            record.get(page, offset, length);
            at = at.plus(length);
            first = false;
        }
        return at;
    }

    private static void writeHeader(byte[] page, Lsn at, int remaining) {
        ByteBuffer header = ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN);
        boolean isLong = WalSegments.segmentOffset(at) == 0;
        int info = (remaining > 0 ? 1 : 0) | (isLong ? 2 : 0);
        header.putShort((short) 0xD116).putShort((short) info).putInt(1).putLong(at.value());
        header.putInt(remaining).putInt(0);
        if (isLong) {
            header.putLong(1).putInt(WalSegments.SIZE).putInt(PAGE);
        }
    }

    /** The compute has removed its segments below. */
    public synchronized void removeBelow(Lsn lsn) {
        removedBelow = lsn;
    }

    public synchronized byte[] bytes(Lsn from, Lsn to) {
        ByteBuffer into = ByteBuffer.allocate((int) to.minus(from));
        copy(from, into);
        return into.array();
    }

    @Override
    public synchronized void read(Lsn at, ByteBuffer into) throws NoSuchFileException {
        if (at.isBefore(removedBelow)) {
            throw new NoSuchFileException(WalSegments.fileName(WalSegments.segmentOf(at)));
        }
        copy(at, into);
    }

    private void copy(Lsn from, ByteBuffer into) {
        Lsn at = from;
        while (into.hasRemaining()) {
            byte[] page = pages.getOrDefault(at.value() / PAGE, new byte[PAGE]);
            int offset = WalSegments.pageOffset(at);
            int length = Math.min(into.remaining(), PAGE - offset);
            into.put(page, offset, length);
            at = at.plus(length);
        }
    }
}
