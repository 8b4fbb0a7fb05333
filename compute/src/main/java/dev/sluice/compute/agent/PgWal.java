package dev.sluice.compute.agent;

import dev.sluice.walservice.proposer.LocalWal;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The {@code pg_wal} of a compute. Keeps the last few segments open: a commit waits for this read.
 * Postgres removes segments but, told so, never turns one into another, so an open one stays what
 * its name says.
 */
final class PgWal implements LocalWal, Closeable {
    private static final int OPEN_SEGMENTS = 3;

    private final Path directory;
    private final Map<Long, FileChannel> open = new LinkedHashMap<>(8, 0.75f, true);
    private boolean closed;

    PgWal(Path directory) {
        this.directory = directory;
    }

    @Override
    public void read(Lsn at, ByteBuffer into) throws IOException {
        Lsn position = at;
        while (into.hasRemaining()) {
            int offset = WalSegments.segmentOffset(position);
            int count = Math.min(into.remaining(), WalSegments.SIZE - offset);
            readSegment(
                    WalSegments.segmentOf(position), offset, into.slice(into.position(), count));
            into.position(into.position() + count);
            position = position.plus(count);
        }
    }

    private void readSegment(long segment, int offset, ByteBuffer into) throws IOException {
        while (true) {
            FileChannel channel = channel(segment);
            try {
                while (into.hasRemaining()) {
                    if (channel.read(into, offset + (long) into.position()) < 0) {
                        throw new EOFException(
                                "%s/%s ends at %d, before what was to be read"
                                        .formatted(
                                                directory,
                                                WalSegments.fileName(segment),
                                                channel.size()));
                    }
                }
                return;
            } catch (ClosedChannelException e) {
                // Another reader's segment took its place among the open ones: open it again.
                requireOpen(e);
            }
        }
    }

    private synchronized void requireOpen(ClosedChannelException e) throws IOException {
        if (closed) {
            throw e;
        }
    }

    private synchronized FileChannel channel(long segment) throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        FileChannel known = open.get(segment);
        if (known != null) {
            return known;
        }
        FileChannel channel =
                FileChannel.open(
                        directory.resolve(WalSegments.fileName(segment)), StandardOpenOption.READ);
        open.put(segment, channel);
        if (open.size() > OPEN_SEGMENTS) {
            Map.Entry<Long, FileChannel> eldest = open.entrySet().iterator().next();
            open.remove(eldest.getKey());
            eldest.getValue().close();
        }
        return channel;
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        for (FileChannel channel : open.values()) {
            channel.close();
        }
        open.clear();
    }
}
