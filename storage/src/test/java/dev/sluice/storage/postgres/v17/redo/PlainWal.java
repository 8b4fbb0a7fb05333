package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.walservice.wal.RecordCrc;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Recorded WAL without the order to compare pages with images ({@code XLR_CHECK_CONSISTENCY}): with
 * it, Postgres 17's own recovery ends at the first GiST DELETE record, because it sets a flag that
 * the server that wrote the record did not.
 */
final class PlainWal {
    private static final int INFO_AT = 16;
    private static final int CRC_AT = 20;

    private final Map<Long, byte[]> segments = new HashMap<>();
    private final RecordedCluster cluster;

    private PlainWal(RecordedCluster cluster) {
        this.cluster = cluster;
    }

    /** Writes the segments into a folder. */
    static void write(RecordedCluster cluster, Path folder) throws IOException {
        PlainWal wal = new PlainWal(cluster);
        cluster.replay(wal::add);
        for (Map.Entry<Long, byte[]> segment : wal.segments.entrySet()) {
            Path file = folder.resolve(WalSegments.fileName(segment.getKey()));
            Files.write(file, segment.getValue());
            file.toFile().setReadable(true, false);
        }
    }

    private void add(WalRecord record) throws IOException {
        for (long at = record.start().value(); at < record.end().value(); at += WalSegments.SIZE) {
            segment(new Lsn(at));
        }
        segment(new Lsn(record.end().value() - 1));
        if ((record.info() & WalRecord.CHECK_CONSISTENCY) == 0) {
            return;
        }
        byte[] raw = record.raw().clone();
        raw[INFO_AT] &= ~WalRecord.CHECK_CONSISTENCY;
        int crc = RecordCrc.of(raw);
        for (int i = 0; i < Integer.BYTES; i++) {
            raw[CRC_AT + i] = (byte) (crc >>> (8 * i));
        }
        put(record.start(), raw);
    }

    /** Writes a record's header over the one that is there; it may go on on the next page. */
    private void put(Lsn start, byte[] raw) throws IOException {
        long at = start.value();
        for (int i = 0; i < WalRecord.HEADER_SIZE; i++, at++) {
            Lsn lsn = new Lsn(at);
            if (WalSegments.pageOffset(lsn) == 0) {
                at += WalSegments.pageHeaderSize(lsn);
                lsn = new Lsn(at);
            }
            segment(lsn)[WalSegments.segmentOffset(lsn)] = raw[i];
        }
    }

    private byte[] segment(Lsn at) throws IOException {
        long number = WalSegments.segmentOf(at);
        byte[] segment = segments.get(number);
        if (segment == null) {
            segment = Files.readAllBytes(cluster.wal().resolve(WalSegments.fileName(number)));
            segments.put(number, segment);
        }
        return segment;
    }
}
