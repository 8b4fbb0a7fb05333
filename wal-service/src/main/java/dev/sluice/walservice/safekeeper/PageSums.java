package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;

/**
 * Checksums of a timeline's WAL pages, so that none is served that is not as it was written. WAL
 * has checksums of its own, per record; they cover neither page headers nor padding, and cannot be
 * checked from the middle of a record. Beside each segment lies a file {@code <segment>.sums},
 * big-endian:
 *
 * <pre>
 *    0  magic "SLPS"
 *    4  u32 version, 1
 *    8  2048 x u32: CRC32C of the page with that number (1 where it is 0);
 *       0 while the page is not whole
 * </pre>
 *
 * <p>The last, partial page is kept in memory and served from there. Sums are synced when their
 * segment is finished, and with the control file; those that a crash of the machine lost are made
 * again by recovery. Any number of threads.
 */
final class PageSums implements Closeable {
    private static final int MAGIC = 0x534C5053;
    private static final int VERSION = 1;
    private static final int HEADER_BYTES = 8;
    private static final int PAGES = WalSegments.SIZE / WalSegments.PAGE_SIZE;
    private static final int CACHED_SEGMENTS = 8;

    private final Path directory;
    private final ReentrantLock lock = new ReentrantLock();
    private final CRC32C crc = new CRC32C();
    private final byte[] tail = new byte[WalSegments.PAGE_SIZE];
    private Lsn end = Lsn.INVALID;
    private final Map<Long, Sums> cached = new LinkedHashMap<>(16, 0.75f, true);

    /** A segment's. */
    private static final class Sums {
        final int[] of = new int[PAGES];
        final FileChannel file;
        boolean unsynced;

        Sums(FileChannel file) {
            this.file = file;
        }

        void write(ByteBuffer bytes, long at) throws IOException {
            long position = at;
            while (bytes.hasRemaining()) {
                position += file.write(bytes, position);
            }
            unsynced = true;
        }
    }

    PageSums(Path directory) {
        this.directory = directory;
    }

    static int sum(CRC32C crc, ByteBuffer bytes) {
        crc.reset();
        crc.update(bytes);
        return known(crc);
    }

    private static int known(CRC32C crc) {
        int sum = (int) crc.getValue();
        return sum == 0 ? 1 : sum;
    }

    private static int pageNumber(Lsn page) {
        return WalSegments.segmentOffset(page) / WalSegments.PAGE_SIZE;
    }

    static Path file(Path directory, long segment) {
        return directory.resolve(WalSegments.fileName(segment) + ".sums");
    }

    /** The page's checksum; 0 if it is not whole, or not known. */
    int of(Lsn page) throws IOException {
        lock.lock();
        try {
            return sums(WalSegments.segmentOf(page)).of[pageNumber(page)];
        } finally {
            lock.unlock();
        }
    }

    /** What was written from {@code at} on, where the last write ended. */
    void append(Lsn at, ByteBuffer wal) throws IOException {
        lock.lock();
        try {
            // Room for the checksums comes first: without it, nothing has changed here.
            for (long segment = WalSegments.segmentOf(at);
                    WalSegments.segmentStart(segment).isBefore(at.plus(wal.remaining()));
                    segment++) {
                sums(segment);
            }
            Lsn to = at.plus(wal.remaining());
            Lsn lastPage = WalSegments.pageStart(to);
            ByteBuffer rest = wal.duplicate();
            Lsn position = at;
            while (position.isBefore(lastPage)) {
                position = putPages(position, rest, lastPage);
            }
            if (at.isBefore(lastPage)) {
                Arrays.fill(tail, (byte) 0);
            }
            rest.get(tail, WalSegments.pageOffset(position), rest.remaining());
            end = to;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Makes the checksums of those pages known, at once, that {@code wal} completes: up to {@code
     * to}, a page's start, or to the segment's end.
     *
     * @param from in the last page, whose bytes before are in memory
     * @return how far it came
     */
    private Lsn putPages(Lsn from, ByteBuffer wal, Lsn to) throws IOException {
        long segment = WalSegments.segmentOf(from);
        Sums sums = sums(segment);
        Lsn stop = Lsn.min(to, WalSegments.segmentStart(segment + 1));
        int first = pageNumber(WalSegments.pageStart(from));
        int number = first;
        int limit = wal.limit();
        Lsn position = from;
        while (position.isBefore(stop)) {
            int offset = WalSegments.pageOffset(position);
            wal.limit(wal.position() + WalSegments.PAGE_SIZE - offset);
            position = position.plus(wal.remaining());
            crc.reset();
            crc.update(tail, 0, offset);
            crc.update(wal);
            wal.limit(limit);
            sums.of[number++] = known(crc);
        }
        ByteBuffer bytes = ByteBuffer.allocate(4 * (number - first));
        bytes.asIntBuffer().put(sums.of, first, number - first);
        sums.write(bytes, HEADER_BYTES + 4L * first);
        return position;
    }

    /** Makes a whole page's checksum known. */
    void put(Lsn page, int sum) throws IOException {
        lock.lock();
        try {
            Sums sums = sums(WalSegments.segmentOf(page));
            int number = pageNumber(page);
            sums.of[number] = sum;
            sums.write(ByteBuffer.allocate(4).putInt(sum).flip(), HEADER_BYTES + 4L * number);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives the last, partial page.
     *
     * @return false if {@code from} and what is wanted are not in it
     */
    boolean readTail(Lsn from, ByteBuffer into) {
        lock.lock();
        try {
            int offset = WalSegments.pageOffset(from);
            if (!WalSegments.pageStart(from).equals(WalSegments.pageStart(end))
                    || from.plus(into.remaining()).isAfter(end)) {
                return false;
            }
            into.put(tail, offset, into.remaining());
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The checksum of a page's bytes up to {@code at}; 0 if there are none, or they are not in the
     * last page any more.
     */
    int upTo(Lsn at) {
        lock.lock();
        try {
            int offset = WalSegments.pageOffset(at);
            return offset == 0
                            || at.isAfter(end)
                            || !WalSegments.pageStart(at).equals(WalSegments.pageStart(end))
                    ? 0
                    : sum(crc, ByteBuffer.wrap(tail, 0, offset));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Forgets, durably, all from {@code newEnd} on.
     *
     * @param lastPage what the page of {@code newEnd} holds below it
     */
    void cut(Lsn newEnd, byte[] lastPage) throws IOException {
        lock.lock();
        try {
            long segment = WalSegments.segmentOf(newEnd);
            for (Map.Entry<Long, Sums> known : Map.copyOf(cached).entrySet()) {
                if (known.getKey() > segment) {
                    cached.remove(known.getKey());
                    known.getValue().file.close();
                }
            }
            Sums sums = sums(segment);
            Arrays.fill(sums.of, pageNumber(WalSegments.pageStart(newEnd)), PAGES, 0);
            write(sums);
            sums.file.force(false);
            Arrays.fill(tail, (byte) 0);
            System.arraycopy(lastPage, 0, tail, 0, WalSegments.pageOffset(newEnd));
            end = newEnd;
        } finally {
            lock.unlock();
        }
    }

    /** Lets go of the segments before {@code segment}, which are about to be removed. */
    void forget(long segment) throws IOException {
        lock.lock();
        try {
            for (long known : List.copyOf(cached.keySet())) {
                if (known < segment) {
                    Sums sums = cached.remove(known);
                    if (sums != null) {
                        sums.file.close();
                    }
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Makes all that is known durable. */
    void sync() throws IOException {
        lock.lock();
        try {
            for (Sums sums : cached.values()) {
                if (sums.unsynced) {
                    sums.file.force(false);
                    sums.unsynced = false;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private Sums sums(long segment) throws IOException {
        Sums known = cached.get(segment);
        if (known != null) {
            return known;
        }
        if (cached.size() >= CACHED_SEGMENTS) {
            Map.Entry<Long, Sums> eldest = cached.entrySet().iterator().next();
            eldest.getValue().file.force(false);
            eldest.getValue().file.close();
            cached.remove(eldest.getKey());
        }
        Sums loaded = load(segment);
        cached.put(segment, loaded);
        return loaded;
    }

    private Sums load(long segment) throws IOException {
        Path path = file(directory, segment);
        boolean fresh = !Files.exists(path);
        FileChannel file =
                FileChannel.open(
                        path,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        Sums sums = new Sums(file);
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + 4 * PAGES);
        if (!fresh) {
            while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {
                // until all is there
            }
        }
        if (!bytes.hasRemaining() && bytes.getInt(0) == MAGIC && bytes.getInt(4) == VERSION) {
            bytes.position(HEADER_BYTES).asIntBuffer().get(sums.of);
        } else {
            write(sums); // takes its space now; sums that are lost are made again, or fetched
        }
        return sums;
    }

    private static void write(Sums sums) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + 4 * PAGES);
        bytes.putInt(MAGIC).putInt(VERSION).asIntBuffer().put(sums.of);
        bytes.rewind();
        while (bytes.hasRemaining()) {
            sums.file.write(bytes, bytes.position());
        }
    }

    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            for (Sums sums : cached.values()) {
                sums.file.force(false);
                sums.file.close();
            }
            cached.clear();
        } finally {
            lock.unlock();
        }
    }
}
