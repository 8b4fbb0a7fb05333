package dev.sluice.controlplane.inspect;

import dev.sluice.walservice.wal.WalPageHeader;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The WAL of timeline 1 in a {@code pg_wal}, or a folder of segment files from anywhere: a run of
 * segments without gaps.
 */
public final class FolderWal implements WalSource, AutoCloseable {
    private final Path folder;
    private final Lsn start;
    private final Lsn end;
    private final int postgresMajor;
    private long openSegment = -1;
    private @Nullable FileChannel channel;

    private FolderWal(Path folder, long firstSegment, long lastSegment) throws IOException {
        this.folder = folder;
        this.start = WalSegments.segmentStart(firstSegment);
        this.end = WalSegments.segmentStart(lastSegment + 1);
        ByteBuffer header = ByteBuffer.allocate(WalPageHeader.LONG_SIZE);
        read(start, header);
        try {
            postgresMajor =
                    WalPageHeader.majorOf(WalPageHeader.parse(header.flip(), start).magic());
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /**
     * Finds the segments.
     *
     * @param folder a {@code pg_wal}, or the data directory that it is in
     * @param from a position that must be there; null for the first there is
     * @throws IOException if it is not there, or there is no WAL at all; the message says which
     */
    public static FolderWal open(Path folder, @Nullable Lsn from) throws IOException {
        Path inside = folder.resolve("pg_wal");
        Path actual = Files.isDirectory(inside) ? inside : folder;
        NavigableSet<Long> segments = segments(actual);
        if (segments.isEmpty()) {
            throw new IOException("no WAL segments of timeline 1 in " + actual);
        }
        long first = from == null ? segments.first() : WalSegments.segmentOf(from);
        if (!segments.contains(first)) {
            throw new IOException(
                    "WAL at "
                            + from
                            + " is not in "
                            + actual
                            + ": there is no "
                            + WalSegments.fileName(first)
                            + ", but "
                            + WalSegments.fileName(segments.first())
                            + " to "
                            + WalSegments.fileName(segments.last()));
        }
        long last = first;
        while (segments.contains(last + 1)) {
            last++;
        }
        while (segments.contains(first - 1)) {
            first--;
        }
        return new FolderWal(actual, first, last);
    }

    private static NavigableSet<Long> segments(Path folder) throws IOException {
        NavigableSet<Long> segments = new TreeSet<>();
        try (Stream<Path> files = Files.list(folder)) {
            files.map(file -> String.valueOf(file.getFileName()))
                    .filter(WalSegments::isFileName)
                    .filter(name -> Long.parseLong(name, 0, 8, 16) == WalSegments.TIMELINE)
                    .forEach(name -> segments.add(WalSegments.parseFileName(name)));
        }
        return segments;
    }

    @Override
    public String name() {
        return folder.toString();
    }

    @Override
    public int postgresMajor() {
        return postgresMajor;
    }

    @Override
    public Lsn start() {
        return start;
    }

    @Override
    public List<Lsn> seams() {
        return List.of();
    }

    @Override
    public Lsn end() {
        return end;
    }

    @Override
    public boolean endsWithRecord() {
        return false;
    }

    @Override
    public void read(Lsn from, ByteBuffer into) throws IOException {
        Lsn at = from;
        int limit = into.limit();
        while (into.position() < limit) {
            FileChannel segment = segment(WalSegments.segmentOf(at));
            int offset = WalSegments.segmentOffset(at);
            into.limit(Math.min(limit, into.position() + WalSegments.SIZE - offset));
            int read = segment.read(into, offset);
            into.limit(limit);
            if (read < 0) {
                throw new EOFException(
                        WalSegments.fileName(openSegment) + " ends at byte " + segment.size());
            }
            at = at.plus(read);
        }
    }

    private FileChannel segment(long number) throws IOException {
        FileChannel open = channel;
        if (open == null || number != openSegment) {
            close();
            open = FileChannel.open(folder.resolve(WalSegments.fileName(number)));
            channel = open;
            openSegment = number;
        }
        return open;
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }
}
