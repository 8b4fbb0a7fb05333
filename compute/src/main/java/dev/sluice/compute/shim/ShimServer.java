package dev.sluice.compute.shim;

import dev.sluice.walservice.proposer.FlushListener;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartLoop;
import dev.sluice.wire.part.PartProtocolException;
import dev.sluice.wire.part.PartServer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the shims of one compute: pages, and WAL flushes. One connection for each Postgres
 * process that needs something. All are received by one loop, which asks for flushes itself; a
 * virtual thread for each connection reads its pages. The messages, in frames of {@link
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
    private final PartLoop loop;
    private final PartServer server;
    private final Set<PartChannel> open = ConcurrentHashMap.newKeySet();
    private final LongAdder reads = new LongAdder();
    private final LongAdder pages = new LongAdder();
    private final LongAdder prefetchedPages = new LongAdder();
    private final LongAdder readNanos = new LongAdder();
    private final LongAdder failedReads = new LongAdder();
    private final LongAdder flushes = new LongAdder();
    private final LongAdder flushNanos = new LongAdder();
    private final LongAdder failedFlushes = new LongAdder();

    private ShimServer(
            PartAddress.Unix address, ShimFile file, PageSource source, WalFlush wal, PartLoop loop)
            throws IOException {
        this.file = file;
        this.loop = loop;
        this.source = source;
        this.wal = wal;
        this.prefetch = new Prefetch(source);
        this.server = PartServer.start("shim", address, this::converse);
    }

    /**
     * Starts listening. The socket may be connected to by every user who can reach it: its
     * directory must be closed to all but the compute's.
     *
     * @param address its path is at most {@link ShimLibrary#MAX_SOCKET_PATH} bytes
     * @param file the compute's manifest; only pages that it lists are given out
     * @param loop that receives; where the WAL's flushes are, if they have one
     */
    public static ShimServer start(
            PartAddress.Unix address, ShimFile file, PageSource source, WalFlush wal, PartLoop loop)
            throws IOException {
        ShimServer server = new ShimServer(address, file, source, wal, loop);
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
        for (PartChannel each : open) {
            each.close();
        }
    }

    private void converse(PartChannel channel) throws IOException {
        open.add(channel);
        try {
            Shim shim = new Shim(channel);
            loop.attach(channel, shim);
            shim.readPages();
        } finally {
            open.remove(channel);
        }
    }

    /** One connection. */
    private final class Shim implements PartLoop.Receiver {
        private final PartChannel channel;
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition changed = lock.newCondition();
        private @Nullable BlockRange wanted;
        private boolean over;
        private @Nullable Exception why;

        Shim(PartChannel channel) {
            this.channel = channel;
        }

        @Override
        public void received(PartFrame frame) throws IOException {
            switch (frame.type()) {
                case READ -> want(BlockRange.read(frame.payload()));
                case PREFETCH -> {
                    BlockRange range = BlockRange.read(frame.payload());
                    if (isListed(range)) {
                        prefetch.start(range);
                    }
                }
                case FLUSH -> flush(channel, frame.payload());
                default ->
                        throw new PartProtocolException(
                                "a shim sent a message of type " + frame.type());
            }
        }

        private void want(BlockRange range) throws PartProtocolException {
            lock.lock();
            try {
                if (wanted != null) {
                    throw new PartProtocolException("a shim asked before it was answered");
                }
                wanted = range;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void ended(@Nullable Exception reason) {
            lock.lock();
            try {
                over = true;
                why = reason;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /** Until the conversation ends. */
        void readPages() throws IOException {
            ByteBuffer content = ByteBuffer.allocate(0);
            for (BlockRange range; (range = awaitWanted()) != null; ) {
                int bytes = range.count() * BLOCK_BYTES;
                if (content.capacity() < bytes) {
                    // Grows to what the process asks for, usually 128 KiB, not to the limit.
                    content =
                            ByteBuffer.allocateDirect(
                                    Math.max(FIRST_BUFFER_BLOCKS * BLOCK_BYTES, powerOfTwo(bytes)));
                }
                answerRead(range, content.clear().limit(bytes));
            }
        }

        private @Nullable BlockRange awaitWanted() throws IOException {
            lock.lock();
            try {
                while (wanted == null && !over) {
                    changed.awaitUninterruptibly();
                }
                if (!over) {
                    return wanted;
                }
                Throwable cause = why;
                if (cause == null) {
                    return null;
                }
                throw cause instanceof IOException e ? e : new IOException(cause.toString(), cause);
            } finally {
                lock.unlock();
            }
        }

        private void answerRead(BlockRange range, ByteBuffer content) throws IOException {
            long start = System.nanoTime();
            Exception failure = null;
            try {
                if (!isListed(range)) {
                    throw new IOException("the manifest does not list " + range);
                }
                fill(range, content);
            } catch (IOException | RuntimeException e) {
                failure = e;
            }
            lock.lock();
            try {
                wanted = null; // the next may be asked for as soon as this is answered
            } finally {
                lock.unlock();
            }
            if (failure != null) {
                failedReads.increment();
                log.warn("cannot give a compute {}", range, failure);
                channel.send(FAILED, reason(failure));
                return;
            }
            reads.increment();
            pages.add(range.count());
            readNanos.add(System.nanoTime() - start);
            channel.send(PAGES, content.flip());
        }
    }

    private static int powerOfTwo(int atLeast) {
        return Integer.highestOneBit(atLeast - 1) << 1;
    }

    private boolean isListed(BlockRange range) {
        return file.lists(range.relation(), range.fork(), range.firstBlock(), range.count());
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

    private void flush(PartChannel channel, ByteBuffer payload) throws IOException {
        if (payload.remaining() != Long.BYTES) {
            throw new PartProtocolException("a flush request of " + payload.remaining() + " bytes");
        }
        Lsn writtenUpTo = new Lsn(payload.getLong());
        long start = System.nanoTime();
        wal.flush(
                writtenUpTo,
                new FlushListener() {
                    @Override
                    public void durable(Lsn end) {
                        flushes.increment();
                        flushNanos.add(System.nanoTime() - start);
                        answer(channel, FLUSHED);
                    }

                    @Override
                    public void failed(Exception why) {
                        failedFlushes.increment();
                        log.warn("a compute's WAL up to {} is not durable", writtenUpTo, why);
                        answer(channel, FAILED, reason(why));
                    }
                });
    }

    private static void answer(PartChannel channel, int type, ByteBuffer... content) {
        try {
            channel.post(type, content);
        } catch (IOException e) {
            log.debug("cannot answer a shim: {}", e.toString()); // its connection ends
        }
    }

    private static ByteBuffer reason(Exception e) {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        ByteBuffer reason = StandardCharsets.UTF_8.encode(message.replace('\n', ' '));
        return reason.limit(Math.min(reason.limit(), MAX_REASON_BYTES));
    }
}
