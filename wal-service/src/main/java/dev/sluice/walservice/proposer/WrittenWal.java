package dev.sluice.walservice.proposer;

import dev.sluice.walservice.wal.CompleteRecordScanner;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Finds how far what the compute has written is made of whole records. Each final page is looked at
 * once, the last one again at every call. For one thread at a time.
 */
final class WrittenWal {
    static final int BUFFER = 128 << 10;

    /** Takes what a scan finds, while the buffer holds it. */
    interface Sink {
        /**
         * @param end whole records up to here
         * @param bufferStart the position of the buffer's first byte
         * @param buffer from its position 0 to its limit; the limit may be past {@code end}
         */
        void found(Lsn end, Lsn bufferStart, ByteBuffer buffer);
    }

    private final LocalWal wal;
    private final CompleteRecordScanner scanner;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);

    WrittenWal(LocalWal wal, Lsn start) {
        this.wal = wal;
        this.scanner = new CompleteRecordScanner(start, Lsn.INVALID);
    }

    /** The end of the last whole record at or below {@code writtenUpTo}. */
    Lsn scan(Lsn writtenUpTo, Sink sink) throws IOException {
        Lsn lastPage = WalSegments.pageStart(writtenUpTo.plus(-1));
        while (writtenUpTo.minus(scanner.position()) > BUFFER) {
            Lsn start = scanner.position();
            read(start, Math.min(BUFFER, lastPage.minus(start)));
            scanner.accept(buffer.slice());
            sink.found(scanner.end(), start, buffer);
        }
        Lsn start = scanner.position();
        read(start, Math.max(0, writtenUpTo.minus(start)));
        int last = (int) Math.max(0, lastPage.minus(start));
        scanner.accept(buffer.slice(0, last));
        Lsn end = scanner.endWith(buffer.slice(last, buffer.limit() - last));
        sink.found(end, start, buffer);
        return end;
    }

    private void read(Lsn at, long length) throws IOException {
        buffer.clear().limit((int) length);
        wal.read(at, buffer);
        buffer.flip();
    }
}
