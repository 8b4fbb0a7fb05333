package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Reads a directory of WAL segments, keeping the last one open. For one thread. */
public final class SegmentReader implements Closeable {
    private final Path directory;
    private @Nullable FileChannel file;
    private long segment = -1;

    public SegmentReader(Path directory) {
        this.directory = directory;
    }

    /**
     * Fills {@code into} with the WAL from {@code at} on, across segments.
     *
     * @throws NoSuchFileException if a segment is not there
     * @throws EOFException if a segment ends before
     */
    public void read(Lsn at, ByteBuffer into) throws IOException {
        Lsn position = at;
        while (into.hasRemaining()) {
            int read = readFrom(position, into);
            if (read <= 0) {
                throw new EOFException(
                        directory.resolve(WalSegments.fileName(segment))
                                + " ends before "
                                + position);
            }
            position = position.plus(read);
        }
    }

    /** Reads up to the segment's end what is there; 0 or less if nothing is. */
    int readSome(Lsn at, ByteBuffer into) throws IOException {
        try {
            return readFrom(at, into);
        } catch (NoSuchFileException end) {
            return 0;
        }
    }

    private int readFrom(Lsn at, ByteBuffer into) throws IOException {
        FileChannel open = open(WalSegments.segmentOf(at));
        int offset = WalSegments.segmentOffset(at);
        int limit = into.limit();
        try {
            into.limit(Math.min(limit, into.position() + WalSegments.SIZE - offset));
            return open.read(into, offset);
        } finally {
            into.limit(limit);
        }
    }

    private FileChannel open(long wanted) throws IOException {
        FileChannel open = file;
        if (open != null && segment == wanted) {
            return open;
        }
        close();
        Path path = directory.resolve(WalSegments.fileName(wanted));
        segment = wanted;
        open = FileChannel.open(path, StandardOpenOption.READ);
        file = open;
        return open;
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
            file = null;
        }
    }
}
