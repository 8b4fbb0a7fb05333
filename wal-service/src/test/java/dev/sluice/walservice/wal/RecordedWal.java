package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The WAL that a Postgres wrote, held in memory: whole segments by number. */
final class RecordedWal implements WalBytes {
    private final Map<Long, byte[]> segments;

    private RecordedWal(Map<Long, byte[]> segments) {
        this.segments = segments;
    }

    /** Reads all segments of a {@code pg_wal}. */
    static RecordedWal load(Path directory) throws IOException {
        Map<Long, byte[]> segments = new TreeMap<>();
        try (Stream<Path> files = Files.list(directory)) {
            files.filter(file -> WalSegments.isFileName(file.getFileName().toString()))
                    .forEach(file ->
                            segments.put(
                                    WalSegments.parseFileName(file.getFileName().toString()),
                                    readAll(file)));
        }
        return new RecordedWal(segments);
    }

    private static byte[] readAll(Path file) {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer bytes = ByteBuffer.allocate(WalSegments.SIZE);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
            return bytes.array();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The bytes between two positions. */
    byte[] range(Lsn from, Lsn to) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) to.minus(from));
        read(from, bytes);
        return bytes.array();
    }

    /** A copy that can be damaged. */
    RecordedWal copy() {
        Map<Long, byte[]> copies = new TreeMap<>();
        segments.forEach((number, bytes) -> copies.put(number, bytes.clone()));
        return new RecordedWal(copies);
    }

    /** Sets all bytes from {@code from} to {@code to} to zero. */
    void clear(Lsn from, Lsn to) {
        for (Lsn at = from; at.isBefore(to); ) {
            Lsn end = Lsn.min(to, WalSegments.segmentEnd(at.plus(1)));
            byte[] segment = segments.get(WalSegments.segmentOf(at));
            int offset = WalSegments.segmentOffset(at);
            Arrays.fill(segment, offset, offset + (int) end.minus(at), (byte) 0);
            at = end;
        }
    }

    /** Takes the bytes from {@code from} to {@code to} over from another. */
    void copyFrom(RecordedWal other, Lsn from, Lsn to) {
        for (Lsn at = from; at.isBefore(to); ) {
            Lsn end = Lsn.min(to, WalSegments.segmentEnd(at.plus(1)));
            long number = WalSegments.segmentOf(at);
            int offset = WalSegments.segmentOffset(at);
            System.arraycopy(
                    other.segments.get(number),
                    offset,
                    segments.get(number),
                    offset,
                    (int) end.minus(at));
            at = end;
        }
    }

    @Override
    public void read(Lsn from, ByteBuffer into) throws IOException {
        Lsn at = from;
        while (into.hasRemaining()) {
            byte[] segment = segments.get(WalSegments.segmentOf(at));
            if (segment == null) {
                throw new EOFException("no WAL segment at " + at);
            }
            int offset = WalSegments.segmentOffset(at);
            int length = Math.min(into.remaining(), WalSegments.SIZE - offset);
            into.put(segment, offset, length);
            at = at.plus(length);
        }
    }
}
