package dev.sluice.compute.shim;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pages that Postgres said it will read soon. A page at the start LSN never changes, so an early
 * copy is as good as a late one. Bounded twice: in pages held, and in reads under way; beyond
 * either, advice is dropped, which costs only time.
 */
final class Prefetch {
    private static final Logger log = LoggerFactory.getLogger(Prefetch.class);

    /** 64 MiB. */
    private static final int MAX_PAGES = 8192;

    private static final int MAX_READS = 16;

    private record Block(RelFileLocator relation, Fork fork, int number) {}

    private final PageSource source;
    private final Cache<Block, CompletableFuture<byte[]>> pages =
            Caffeine.newBuilder().maximumSize(MAX_PAGES).build();
    private final Semaphore reads = new Semaphore(MAX_READS);

    Prefetch(PageSource source) {
        this.source = source;
    }

    /**
     * Starts reading the blocks that are not here or on their way, unless there is enough to do
     * already. When it returns, {@link #take} finds them.
     */
    void start(BlockRange range) {
        if (!reads.tryAcquire()) {
            return;
        }
        boolean started = false;
        try {
            List<CompletableFuture<byte[]>> wanted = new ArrayList<>(range.count());
            boolean fresh = false;
            for (int i = 0; i < range.count(); i++) {
                CompletableFuture<byte[]> page = new CompletableFuture<>();
                fresh |= pages.asMap().putIfAbsent(block(range, i), page) == null;
                wanted.add(page);
            }
            if (fresh) {
                Thread.ofVirtual().name("shim-prefetch").start(() -> read(range, wanted));
                started = true;
            }
        } finally {
            if (!started) {
                reads.release();
            }
        }
    }

    private static Block block(BlockRange range, int index) {
        return new Block(range.relation(), range.fork(), range.firstBlock() + index);
    }

    private void read(BlockRange range, List<CompletableFuture<byte[]>> wanted) {
        try {
            ByteBuffer content = ByteBuffer.allocate(range.count() * ShimServer.BLOCK_BYTES);
            source.read(range.relation(), range.fork(), range.firstBlock(), range.count(), content);
            if (content.hasRemaining()) {
                throw new IOException("the page source did not fill " + range);
            }
            for (int i = 0; i < wanted.size(); i++) {
                wanted.get(i).complete(page(content, i));
            }
        } catch (IOException | RuntimeException e) {
            log.debug("cannot prefetch {}", range, e); // the read that follows will tell
            for (int i = 0; i < wanted.size(); i++) {
                pages.asMap().remove(block(range, i), wanted.get(i));
                wanted.get(i).completeExceptionally(e);
            }
        } finally {
            reads.release();
        }
    }

    private static byte[] page(ByteBuffer content, int index) {
        byte[] page = new byte[ShimServer.BLOCK_BYTES];
        content.get(index * ShimServer.BLOCK_BYTES, page);
        return page;
    }

    /** Takes the page out, waiting for it when it is being read; null when it is not here. */
    byte @Nullable [] take(RelFileLocator relation, Fork fork, int block) {
        CompletableFuture<byte[]> page = pages.asMap().remove(new Block(relation, fork, block));
        if (page == null) {
            return null;
        }
        try {
            return page.join();
        } catch (CompletionException e) {
            return null;
        }
    }
}
