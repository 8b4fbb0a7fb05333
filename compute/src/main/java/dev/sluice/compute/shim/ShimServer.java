package dev.sluice.compute.shim;

import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartProtocolException;
import dev.sluice.wire.part.PartServer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the shims of one compute: pages, and WAL flushes. One connection for each Postgres
 * process that needs something, a virtual thread for each. The messages, in frames of {@link
 * PartChannel}:
 *
 * <pre>
 *   1 READ      u32 tablespace, database, relation, fork, first block, count   answer PAGES or FAILED
 *   2 PREFETCH  the same                                                       no answer
 *   3 FLUSH     u64 LSN                                                        answer FLUSHED or FAILED
 *   4 PAGES     count × 8192 bytes
 *   5 FLUSHED   nothing
 *   6 FAILED    the reason, UTF-8, at most 400 bytes
 * </pre>
 */
public final class ShimServer implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(ShimServer.class);

    /** {@code BLCKSZ}. */
    public static final int BLOCK_BYTES = 8192;

    /** The most blocks that one request may ask for. */
    public static final int MAX_BLOCKS = 128;

    private static final int READ = 1;
    private static final int PREFETCH = 2;
    private static final int FLUSH = 3;
    private static final int PAGES = 4;
    private static final int FLUSHED = 5;
    private static final int FAILED = 6;

    private static final int MAX_REASON_BYTES = 400;
    private static final int FIRST_BUFFER_BLOCKS = 4;

    /**
     * What the server has done so far; times are sums, in nanoseconds.
     *
     * @param prefetchedPages those of {@code pages} that had been read ahead
     */
    public record Statistics(
            long reads,
            long pages,
            long prefetchedPages,
            long readNanos,
            long failedReads,
            long flushes,
            long flushNanos,
            long failedFlushes) {}

    private final ShimFile file;
    private final PageSource source;
    private final WalFlush wal;
    private final Prefetch prefetch;
    private final PartServer server;
    private final LongAdder reads = new LongAdder();
    private final LongAdder pages = new LongAdder();
    private final LongAdder prefetchedPages = new LongAdder();
    private final LongAdder readNanos = new LongAdder();
    private final LongAdder failedReads = new LongAdder();
    private final LongAdder flushes = new LongAdder();
    private final LongAdder flushNanos = new LongAdder();
    private final LongAdder failedFlushes = new LongAdder();

    private ShimServer(PartAddress.Unix address, ShimFile file, PageSource source, WalFlush wal)
            throws IOException {
        this.file = file;
        this.source = source;
        this.wal = wal;
        this.prefetch = new Prefetch(source);
        this.server = PartServer.start("shim", address, new Answers());
    }

    /**
     * Starts listening. The socket may be connected to by every user who can reach it: its
     * directory must be closed to all but the compute's.
     *
     * @param address its path is at most {@link ShimLibrary#MAX_SOCKET_PATH} bytes
     * @param file the compute's manifest; only pages that it lists are given out
     */
    public static ShimServer start(
            PartAddress.Unix address, ShimFile file, PageSource source, WalFlush wal)
            throws IOException {
        ShimServer server = new ShimServer(address, file, source, wal);
        try {
            Files.setPosixFilePermissions(
                    address.path(), PosixFilePermissions.fromString("rw-rw-rw-"));
            return server;
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    public Statistics statistics() {
        return new Statistics(
                reads.sum(),
                pages.sum(),
                prefetchedPages.sum(),
                readNanos.sum(),
                failedReads.sum(),
                flushes.sum(),
                flushNanos.sum(),
                failedFlushes.sum());
    }

    /** Ends every conversation; what a shim asks afterwards is an I/O error to its Postgres. */
    @Override
    public void close() throws IOException {
        server.close();
    }

    private final class Answers implements PartServer.Conversation {
        @Override
        public void run(PartChannel channel) throws IOException {
            ByteBuffer content = ByteBuffer.allocateDirect(FIRST_BUFFER_BLOCKS * BLOCK_BYTES);
            for (PartFrame frame; (frame = channel.receive()) != null; ) {
                switch (frame.type()) {
                    case READ -> {
                        BlockRange range = BlockRange.read(frame.payload());
                        int bytes = range.count() * BLOCK_BYTES;
                        if (content.capacity() < bytes) {
                            // Grows to what the process asks for, usually 128 KiB, not to the
                            // limit.
                            content = ByteBuffer.allocateDirect(powerOfTwo(bytes));
                        }
                        answerRead(channel, range, content.clear().limit(bytes));
                    }
                    case PREFETCH -> {
                        BlockRange range = BlockRange.read(frame.payload());
                        if (isListed(range)) {
                            prefetch.start(range);
                        }
                    }
                    case FLUSH -> answerFlush(channel, frame.payload());
                    default ->
                            throw new PartProtocolException(
                                    "a shim sent a message of type " + frame.type());
                }
            }
        }
    }

    private static int powerOfTwo(int atLeast) {
        return Integer.highestOneBit(atLeast - 1) << 1;
    }

    private boolean isListed(BlockRange range) {
        return file.lists(range.relation(), range.fork(), range.firstBlock(), range.count());
    }

    private void answerRead(PartChannel channel, BlockRange range, ByteBuffer content)
            throws IOException {
        long start = System.nanoTime();
        try {
            if (!isListed(range)) {
                throw new IOException("the manifest does not list " + range);
            }
            fill(range, content);
        } catch (IOException | RuntimeException e) {
            failedReads.increment();
            log.warn("cannot give a compute {}", range, e);
            refuse(channel, e);
            return;
        }
        reads.increment();
        pages.add(range.count());
        readNanos.add(System.nanoTime() - start);
        channel.send(PAGES, content.flip());
    }

    /** Fills the content with prefetched pages where there are some, and reads the runs between. */
    private void fill(BlockRange range, ByteBuffer content) throws IOException {
        int done = 0;
        for (int i = 0; i < range.count(); i++) {
            byte[] page = prefetch.take(range.relation(), range.fork(), range.firstBlock() + i);
            if (page != null) {
                read(range, done, i, content);
                content.put(page);
                prefetchedPages.increment();
                done = i + 1;
            }
        }
        read(range, done, range.count(), content);
    }

    private void read(BlockRange range, int from, int to, ByteBuffer content) throws IOException {
        if (from == to) {
            return;
        }
        ByteBuffer part = content.slice(from * BLOCK_BYTES, (to - from) * BLOCK_BYTES);
        source.read(range.relation(), range.fork(), range.firstBlock() + from, to - from, part);
        if (part.hasRemaining()) {
            throw new IOException(
                    "the page source left %d bytes of %s unfilled"
                            .formatted(part.remaining(), range));
        }
        content.position(to * BLOCK_BYTES);
    }

    private void answerFlush(PartChannel channel, ByteBuffer payload) throws IOException {
        if (payload.remaining() != Long.BYTES) {
            throw new PartProtocolException("a flush request of " + payload.remaining() + " bytes");
        }
        Lsn writtenUpTo = new Lsn(payload.getLong());
        long start = System.nanoTime();
        try {
            wal.flush(writtenUpTo);
        } catch (IOException | RuntimeException e) {
            failedFlushes.increment();
            log.warn("a compute's WAL up to {} is not durable", writtenUpTo, e);
            refuse(channel, e);
            return;
        }
        flushes.increment();
        flushNanos.add(System.nanoTime() - start);
        channel.send(FLUSHED);
    }

    private static void refuse(PartChannel channel, Exception e) throws IOException {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        ByteBuffer reason = StandardCharsets.UTF_8.encode(message.replace('\n', ' '));
        channel.send(FAILED, reason.limit(Math.min(reason.limit(), MAX_REASON_BYTES)));
    }
}
