package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Segments that were fetched from the object store to be read: the last few, in files without a
 * name, which are gone when the process is. Their pages' checksums are in memory. Any number of
 * threads.
 *
 * <p>One is fetched at a time, on a platform thread: to unpack 16 MiB and write them takes long,
 * and a virtual thread would keep the safekeeper's other ones, its proposers' among them, from
 * running meanwhile.
 */
final class FetchedSegments implements Closeable {
    static final String DIRECTORY = "fetched";

    private static final Logger log = LoggerFactory.getLogger(FetchedSegments.class);
    private static final int PAGES = WalSegments.SIZE / WalSegments.PAGE_SIZE;

    private final SegmentStore store;
    private final Path directory;
    private final int most;
    private final ExecutorService fetching =
            Executors.newSingleThreadExecutor(
                    task -> Thread.ofPlatform().daemon().name("safekeeper-fetch").unstarted(task));
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Key, Fetched> kept = new LinkedHashMap<>(16, 0.75f, true);

    private record Key(TenantTimelineId id, long segment) {}

    /** A segment; closed when it is neither kept nor read any more. */
    private static final class Fetched {
        final FileChannel file;
        final int[] sums = new int[PAGES];
        int users = 1;

        Fetched(FileChannel file) {
            this.file = file;
        }
    }

    /**
     * @param directory where the files are made
     * @param most how many are kept
     */
    FetchedSegments(SegmentStore store, Path directory, int most) throws IOException {
        this.store = store;
        this.directory = directory;
        this.most = most;
        Files.createDirectories(directory);
    }

    /**
     * Fills {@code into} from one segment that is in the object store.
     *
     * @param at not before the timeline's start
     */
    void read(SegmentStore.Owner owner, Lsn at, ByteBuffer into) throws IOException {
        Key key = new Key(owner.id(), WalSegments.segmentOf(at));
        Fetched fetched = acquire(key);
        if (fetched == null) {
            fetched =
                    fetching(() -> {
                        Fetched meanwhile = acquire(key);
                        return meanwhile == null ? keep(key, fetch(owner, key.segment)) : meanwhile;
                    });
        }
        try {
            copy(fetched, WalSegments.segmentOffset(at), into);
        } catch (IOException e) {
            forget(key);
            throw e;
        } finally {
            release(fetched);
        }
    }

    /** Waits for it in any case: who left would leave a file open. */
    private Fetched fetching(Callable<Fetched> work) throws IOException {
        try {
            return PlatformWork.await(fetching.submit(work));
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure
                    ? failure
                    : new IOException(e.getCause());
        } catch (RejectedExecutionException e) {
            throw new IOException("the safekeeper is stopping", e);
        }
    }

    private Fetched fetch(SegmentStore.Owner owner, long segment) throws IOException {
        byte[] wal = store.fetch(owner, segment);
        log.debug("timeline {}: fetched {}", owner.id(), store.place(owner.id(), segment));
        Path path = directory.resolve(owner.id().timeline() + "-" + segment);
        Files.deleteIfExists(path);
        FileChannel file =
                FileChannel.open(
                        path,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DELETE_ON_CLOSE);
        try {
            Fetched fetched = new Fetched(file);
            byte[] page = new byte[WalSegments.PAGE_SIZE];
            CRC32C crc = new CRC32C();
            int first = WalSegments.SIZE - wal.length;
            for (int number = first / page.length; number < PAGES; number++) {
                int skipped = Math.max(0, first - number * page.length);
                System.arraycopy(
                        wal,
                        number * page.length + skipped - first,
                        page,
                        skipped,
                        page.length - skipped);
                fetched.sums[number] = PageSums.sum(crc, ByteBuffer.wrap(page));
                ByteBuffer bytes = ByteBuffer.wrap(page);
                while (bytes.hasRemaining()) {
                    file.write(bytes, (long) number * page.length + bytes.position());
                }
            }
            return fetched;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static void copy(Fetched fetched, int offset, ByteBuffer into) throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer page = ByteBuffer.allocate(WalSegments.PAGE_SIZE);
        int at = offset;
        while (into.hasRemaining()) {
            int number = at / WalSegments.PAGE_SIZE;
            page.clear();
            while (page.hasRemaining()
                    && fetched.file.read(
                                    page, (long) number * WalSegments.PAGE_SIZE + page.position())
                            > 0) {
                // until all is there
            }
            if (page.flip().remaining() < WalSegments.PAGE_SIZE
                    || PageSums.sum(crc, page.duplicate()) != fetched.sums[number]) {
                throw new IOException(
                        "page " + number + " of a fetched segment is not what was fetched");
            }
            int skipped = at % WalSegments.PAGE_SIZE;
            int length = Math.min(into.remaining(), WalSegments.PAGE_SIZE - skipped);
            into.put(page.slice(skipped, length));
            at += length;
        }
    }

    private @Nullable Fetched acquire(Key key) {
        lock.lock();
        try {
            Fetched fetched = kept.get(key);
            if (fetched != null) {
                fetched.users++;
            }
            return fetched;
        } finally {
            lock.unlock();
        }
    }

    private Fetched keep(Key key, Fetched fetched) throws IOException {
        lock.lock();
        try {
            fetched.users++;
            kept.put(key, fetched);
            Iterator<Fetched> eldest = kept.values().iterator();
            while (kept.size() > most) {
                Fetched one = eldest.next();
                eldest.remove();
                release(one);
            }
            return fetched;
        } finally {
            lock.unlock();
        }
    }

    private void forget(Key key) throws IOException {
        lock.lock();
        try {
            Fetched fetched = kept.remove(key);
            if (fetched != null) {
                release(fetched);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Forgets what was fetched of a timeline that was deleted. */
    void forget(TenantTimelineId id) throws IOException {
        lock.lock();
        try {
            for (Key key : List.copyOf(kept.keySet())) {
                if (key.id.equals(id)) {
                    forget(key);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void release(Fetched fetched) throws IOException {
        lock.lock();
        try {
            if (--fetched.users == 0) {
                fetched.file.close();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        fetching.close();
        lock.lock();
        try {
            for (Fetched fetched : kept.values()) {
                release(fetched);
            }
            kept.clear();
        } finally {
            lock.unlock();
        }
    }
}
