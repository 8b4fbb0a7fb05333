package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Finds records in WAL that arrives in pieces: steps over page headers and padding, follows records
 * over pages and segments, and checks page headers, record headers, the chain of previous records
 * and checksums. Keeps no record bytes but the fixed header, so its state is small and can be
 * copied at any time. Source: {@code XLogDecodeNextRecord} in {@code access/transam/xlogreader.c}.
 */
final class RecordFraming {
    /** What happens to the bytes of records. */
    interface Sink {
        /**
         * The record's next {@code length} bytes stand at the buffer's position: do not move it.
         * {@link #totalLength} is known and checked when they reach that far.
         */
        void append(ByteBuffer wal, int length);

        /** The bytes so far belong to a record that will never be whole: forget them. */
        void abandon();
    }

    private static final int LENGTH_SIZE = 4;

    private long position;
    private long skipTo;
    private int magic;

    private final byte[] pageHeader = new byte[WalPageHeader.LONG_SIZE];
    private int pageHeaderReceived;

    private final byte[] header = new byte[WalRecord.HEADER_SIZE];
    private boolean inRecord;
    private long recordStart;
    private int received;
    private int bodyCrc;

    /** The body came whole, as nearly always: {@link #crc} holds its checksum, to be continued. */
    private boolean bodyInOnePiece;

    private long previous;
    private long abandoned;

    private final CRC32C crc = new CRC32C();

    /**
     * @param start a record boundary: where a record's header begins, or a page's first byte
     * @param previous the start of the record before, or 0 if not known
     */
    RecordFraming(Lsn start, Lsn previous) {
        int offset = WalSegments.pageOffset(start);
        if (offset % 8 != 0 || (offset != 0 && offset < WalSegments.pageHeaderSize(start))) {
            throw new IllegalArgumentException("no WAL record can begin at " + start);
        }
        this.position = start.value();
        this.skipTo = position;
        this.previous = previous.value();
    }

    /** Becomes what {@code other} is now. */
    void copyFrom(RecordFraming other) {
        position = other.position;
        skipTo = other.skipTo;
        magic = other.magic;
        System.arraycopy(other.pageHeader, 0, pageHeader, 0, pageHeader.length);
        pageHeaderReceived = other.pageHeaderReceived;
        System.arraycopy(other.header, 0, header, 0, header.length);
        inRecord = other.inRecord;
        recordStart = other.recordStart;
        received = other.received;
        bodyCrc = other.bodyCrc;
        bodyInOnePiece = other.bodyInOnePiece;
        previous = other.previous;
        abandoned = other.abandoned;
    }

    /** The byte that comes next. */
    Lsn position() {
        return new Lsn(position);
    }

    /** Where the record begins that the last {@link #advance} finished. */
    Lsn recordStart() {
        return new Lsn(recordStart);
    }

    /** The end of the record that the last {@link #advance} finished, as {@link WalRecord#end}. */
    Lsn recordEnd() {
        return new Lsn(skipTo);
    }

    /** The length of the record that is being received or was just finished. */
    int totalLength() {
        return RecordHeader.totalLength(header);
    }

    /**
     * The start of the record that the one just finished took the place of (an
     * XLOG_OVERWRITE_CONTRECORD); 0 if none.
     */
    long takeAbandoned() {
        long taken = abandoned;
        abandoned = 0;
        return taken;
    }

    /**
     * Takes bytes from {@code wal} until a record is whole (true) or there are no more (false). The
     * padding after a record is taken by the next call.
     */
    boolean advance(ByteBuffer wal, Sink sink) throws WalFormatException {
        while (wal.hasRemaining()) {
            if (position != skipTo) {
                skip(wal);
            } else if (pageHeaderReceived > 0 || position % WalSegments.PAGE_SIZE == 0) {
                receivePageHeader(wal, sink);
            } else if (receiveRecord(wal, sink)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether {@code wal} has zeros where the length of the next record would be: nothing was
     * written there yet. To {@link #advance} they would be damage; this is how nearly every look at
     * a page that is still written ends, and costs no exception. Takes nothing.
     */
    boolean isBeforeZeros(ByteBuffer wal) {
        long padding = skipTo - position;
        return !inRecord
                && pageHeaderReceived == 0
                && skipTo % WalSegments.PAGE_SIZE != 0
                && padding + LENGTH_SIZE <= wal.remaining()
                && wal.getInt(wal.position() + (int) padding) == 0;
    }

    private void skip(ByteBuffer wal) {
        int bytes = (int) Math.min(wal.remaining(), skipTo - position);
        wal.position(wal.position() + bytes);
        position += bytes;
    }

    private void receivePageHeader(ByteBuffer wal, Sink sink) throws WalFormatException {
        Lsn page = WalSegments.pageStart(new Lsn(position));
        int size = WalSegments.pageHeaderSize(page);
        int bytes = Math.min(wal.remaining(), size - pageHeaderReceived);
        wal.get(pageHeader, pageHeaderReceived, bytes);
        pageHeaderReceived += bytes;
        position += bytes;
        skipTo = position;
        if (pageHeaderReceived == size) {
            pageHeaderReceived = 0;
            checkPage(WalPageHeader.parse(ByteBuffer.wrap(pageHeader), page), page, sink);
        }
    }

    private void checkPage(WalPageHeader page, Lsn at, Sink sink) throws WalFormatException {
        if (magic != 0 && page.magic() != magic) {
            throw new WalFormatException(
                    at, String.format("page magic %04X after %04X", page.magic(), magic));
        }
        magic = page.magic();
        if (inRecord && page.overwritesRecord()) {
            abandoned = recordStart;
            inRecord = false;
            sink.abandon();
            return;
        }
        if (page.continuesRecord() != inRecord) {
            throw new WalFormatException(
                    at,
                    inRecord
                            ? "the page does not continue the record at " + recordStart()
                            : "the page continues a record that did not begin");
        }
        if (inRecord && page.remainingLength() != totalLength() - received) {
            throw new WalFormatException(
                    at,
                    String.format(
                            "the page continues a record with %d bytes to come, but that at %s has"
                                    + " %d",
                            page.remainingLength(), recordStart(), totalLength() - received));
        }
    }

    private boolean receiveRecord(ByteBuffer wal, Sink sink) throws WalFormatException {
        if (!inRecord) {
            inRecord = true;
            recordStart = position;
            received = 0;
            bodyCrc = 0;
            bodyInOnePiece = false;
        }
        int onPage = WalSegments.PAGE_SIZE - (int) (position % WalSegments.PAGE_SIZE);
        int available = Math.min(wal.remaining(), onPage);
        if (received < WalRecord.HEADER_SIZE) {
            receiveHeader(wal, wantedOfHeader(available), sink);
        } else {
            receiveBody(wal, Math.min(available, totalLength() - received), sink);
        }
        if (received < WalRecord.HEADER_SIZE || received < totalLength()) {
            return false;
        }
        checkCrc();
        endRecord();
        return true;
    }

    /** Bytes up to the next thing to be checked: the header, or its length if it is not whole. */
    private int wantedOfHeader(int available) {
        int rest = WalRecord.HEADER_SIZE - received;
        return available >= rest
                ? rest
                : Math.min(available, received < LENGTH_SIZE ? LENGTH_SIZE - received : rest);
    }

    private void receiveHeader(ByteBuffer wal, int bytes, Sink sink) throws WalFormatException {
        wal.get(wal.position(), header, received, bytes);
        int known = received + bytes;
        if (known == LENGTH_SIZE || known == WalRecord.HEADER_SIZE) {
            RecordHeader.checkLength(totalLength(), recordStart());
        }
        if (known == WalRecord.HEADER_SIZE) {
            checkHeader();
        }
        sink.append(wal, bytes);
        wal.position(wal.position() + bytes);
        passed(bytes);
    }

    private void receiveBody(ByteBuffer wal, int bytes, Sink sink) {
        sink.append(wal, bytes);
        int limit = wal.limit();
        wal.limit(wal.position() + bytes);
        crc.reset();
        crc.update(wal);
        wal.limit(limit);
        bodyInOnePiece = bytes == totalLength() - WalRecord.HEADER_SIZE;
        if (!bodyInOnePiece) {
            bodyCrc = RecordCrc.combine(bodyCrc, (int) crc.getValue(), bytes);
        }
        passed(bytes);
    }

    private void passed(int bytes) {
        received += bytes;
        position += bytes;
        skipTo = position;
    }

    private void checkHeader() throws WalFormatException {
        RecordHeader.checkManager(header, recordStart());
        long prev = RecordHeader.prev(header);
        boolean right =
                previous != 0 ? prev == previous : Long.compareUnsigned(prev, recordStart) < 0;
        if (!right) {
            throw new WalFormatException(
                    recordStart(),
                    "the record says that the one before it begins at "
                            + new Lsn(prev)
                            + (previous != 0 ? ", but that is at " + new Lsn(previous) : ""));
        }
        if (abandoned != 0 && !RecordHeader.isXlog(header, WalRecord.XLOG_OVERWRITE_CONTRECORD)) {
            throw new WalFormatException(
                    recordStart(),
                    "the record at "
                            + new Lsn(abandoned)
                            + " is cut off here, but no overwrite record follows");
        }
    }

    private void checkCrc() throws WalFormatException {
        int right;
        if (bodyInOnePiece) {
            crc.update(header, 0, RecordHeader.CRC_OFFSET);
            right = (int) crc.getValue();
        } else {
            crc.reset();
            crc.update(header, 0, RecordHeader.CRC_OFFSET);
            right = RecordCrc.combine(bodyCrc, (int) crc.getValue(), RecordHeader.CRC_OFFSET);
        }
        if (RecordHeader.crc(header) != right) {
            throw new WalFormatException(
                    recordStart(),
                    String.format(
                            "record checksum %08X, should be %08X",
                            RecordHeader.crc(header), right));
        }
    }

    private void endRecord() {
        inRecord = false;
        previous = recordStart;
        Lsn end = position().aligned();
        boolean switched = RecordHeader.isXlog(header, WalRecord.XLOG_SWITCH);
        skipTo = (switched ? WalSegments.segmentEnd(end) : end).value();
    }
}
