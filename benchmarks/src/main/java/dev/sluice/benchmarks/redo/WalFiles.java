package dev.sluice.benchmarks.redo;

import dev.sluice.walservice.wal.WalDecoder;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A folder of WAL segments, read and decoded from one end to the other. */
final class WalFiles {
    private static final int PIECE_BYTES = 256 * 1024;

    interface RecordConsumer {
        void accept(WalRecord record) throws IOException;
    }

    private WalFiles() {}

    /**
     * Every record from a boundary on.
     *
     * @param last where the last one begins
     * @return how many there were
     */
    static long forEach(Path folder, Lsn start, Lsn last, RecordConsumer consumer)
            throws IOException {
        WalDecoder decoder = new WalDecoder(start);
        ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
        long records = 0;
        for (long segment = WalSegments.segmentOf(start); ; segment++) {
            Path file = folder.resolve(WalSegments.fileName(segment));
            try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
                if (segment == WalSegments.segmentOf(start)) {
                    in.position(WalSegments.segmentOffset(start));
                }
                while (in.read(piece.clear()) > 0) {
                    decoder.feed(piece.flip());
                    for (WalRecord record; (record = decoder.next()) != null; ) {
                        consumer.accept(record);
                        records++;
                        if (!record.start().isBefore(last)) {
                            return records;
                        }
                    }
                }
            }
        }
    }
}
