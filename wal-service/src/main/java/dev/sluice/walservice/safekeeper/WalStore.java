package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.wal.WalDecoder;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A timeline's WAL on disk: segment files of 16 MiB, named and filled as Postgres does it. The last
 * one may be shorter: it grows in steps of {@link #STEP} zeros ahead of what is written, so that
 * most syncs have no change of size to journal (measured on ext4: half the time of a sync that
 * has). Big writes, in which that is lost anyway, grow it by themselves. {@link PageSums} tell
 * whether it is still as it was written.
 *
 * <p>One thread writes, truncates or recovers at a time; {@link #sync} may run beside a write.
 */
final class WalStore implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(WalStore.class);
    private static final int STEP = 1 << 20;
    private static final int BIG = 64 << 10;
    private static final int PIECE = 128 << 10;

    private final Path directory;
    private final DiskSpace space;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(STEP).asReadOnlyBuffer();

    private final PageSums sums;
    private final LocalExtent extent;
    private final ReentrantLock syncing = new ReentrantLock();
    private final List<FileChannel> finished = new ArrayList<>();
    private @Nullable FileChannel current;
    private long currentSegment = -1;
    private long currentSize;
    private volatile boolean failed;

    /**
     * @param extent which of the segments are here
     */
    WalStore(Path directory, DiskSpace space, LocalExtent extent) {
        this.directory = directory;
        this.space = space;
        this.extent = extent;
        this.sums = new PageSums(directory);
    }

    /**
     * Reads the WAL.
     *
     * @param trimmed gives what is not here any more
     */
    WalReader reader(WalReader.TrimmedWal trimmed) {
        return new WalReader(directory, sums, extent, trimmed);
    }

    /** There is none: what is to be read must be here. */
    private static void notHere(Lsn at, ByteBuffer into) throws IOException {
        throw new IOException("WAL at " + at + " is not here any more");
    }

    PageSums sums() {
        return sums;
    }

    /**
     * Writes all of {@code wal}, which {@link #sync} then makes durable.
     *
     * @throws SafekeeperException if there is no room for it; nothing of it counts then, and the
     *     same may be written again
     */
    void write(Lsn at, ByteBuffer wal) throws IOException {
        checkSound();
        try {
            writeAll(at, wal);
        } catch (SafekeeperException e) {
            throw e;
        } catch (IOException e) {
            if (!DiskSpace.isFull(e)) {
                throw e;
            }
            SafekeeperException full = space.exhausted();
            full.addSuppressed(e);
            throw full;
        }
    }

    private void writeAll(Lsn at, ByteBuffer wal) throws IOException {
        ByteBuffer rest = wal.duplicate();
        Lsn position = at;
        while (rest.hasRemaining()) {
            FileChannel file = segmentToWrite(WalSegments.segmentOf(position));
            int offset = WalSegments.segmentOffset(position);
            int length = Math.min(rest.remaining(), WalSegments.SIZE - offset);
            growBefore(file, offset, length);
            writeFully(file, offset, rest.slice(rest.position(), length));
            currentSize = Math.max(currentSize, offset + length);
            rest.position(rest.position() + length);
            position = position.plus(length);
        }
        sums.append(at, wal);
    }

    private void growBefore(FileChannel file, int offset, int length) throws IOException {
        if (offset + length <= currentSize) {
            return;
        }
        if (length >= BIG) {
            space.claim(offset + length - currentSize);
            return;
        }
        space.claim(STEP);
        long begin = Math.max(currentSize, offset);
        long end = Math.min(WalSegments.SIZE, begin + STEP);
        try {
            writeFully(file, begin, ZEROS.duplicate().limit((int) (end - begin)));
        } catch (IOException e) {
            // On a full disk there may be room enough for the WAL itself.
            log.debug("cannot grow a segment in {} ahead: {}", directory, e.toString());
        }
        currentSize = file.size();
    }

    private static void writeFully(FileChannel file, long offset, ByteBuffer bytes)
            throws IOException {
        long at = offset;
        while (bytes.hasRemaining()) {
            at += file.write(bytes, at);
        }
    }

    private FileChannel segmentToWrite(long segment) throws IOException {
        FileChannel open = current;
        if (open != null && currentSegment == segment) {
            return open;
        }
        Path path = path(segment);
        boolean fresh = !Files.exists(path);
        FileChannel next =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (fresh) {
            Directories.sync(directory);
        }
        currentSize = next.size();
        syncing.lock();
        try {
            if (open != null) {
                finished.add(open);
            }
            current = next;
            currentSegment = segment;
        } finally {
            syncing.unlock();
        }
        return next;
    }

    /**
     * Makes all that was written before this call durable. When that fails once, nobody knows what
     * is on disk: the store then refuses everything, and {@link UnsyncedWal} says what is to be
     * done.
     */
    void sync() throws IOException {
        syncing.lock();
        try {
            checkSound();
            if (!finished.isEmpty()) {
                sums.sync();
            }
            while (!finished.isEmpty()) {
                space.sync(finished.getLast());
                finished.removeLast().close();
            }
            if (current != null) {
                space.sync(current);
            }
        } catch (IOException e) {
            failed = true;
            throw e;
        } finally {
            syncing.unlock();
        }
    }

    private void checkSound() throws IOException {
        if (failed) {
            throw new IOException(
                    "a sync of WAL in " + directory + " has failed; what is on disk is not known");
        }
    }

    /** Durably removes all WAL from {@code end} on, the last segment first. */
    void truncate(Lsn end) throws IOException {
        checkSound();
        byte[] lastPage = lastPage(end);
        cut(end, lastPage);
    }

    /** What the page of {@code end} holds below it. */
    private byte[] lastPage(Lsn end) throws IOException {
        byte[] page = new byte[WalSegments.PAGE_SIZE];
        int offset = WalSegments.pageOffset(end);
        if (offset > 0) {
            Lsn start = WalSegments.pageStart(end);
            try (WalReader reader = reader(WalStore::notHere)) {
                reader.read(start, ByteBuffer.wrap(page, 0, offset));
            }
        }
        return page;
    }

    private void cut(Lsn end, byte[] lastPage) throws IOException {
        closeFiles();
        long last = WalSegments.segmentOf(end);
        boolean removed = false;
        for (long segment : segments().reversed()) {
            if (segment > last) {
                Files.delete(path(segment));
                Files.deleteIfExists(PageSums.file(directory, segment));
                removed = true;
            }
        }
        if (removed) {
            Directories.sync(directory);
        }
        if (Files.exists(path(last))) {
            try (FileChannel file = FileChannel.open(path(last), StandardOpenOption.WRITE)) {
                if (file.size() > WalSegments.segmentOffset(end)) {
                    file.truncate(WalSegments.segmentOffset(end));
                    file.force(true);
                }
            }
        }
        sums.cut(end, lastPage);
    }

    /** Makes the checksums of all whole pages durable. */
    void syncSums() throws IOException {
        sums.sync();
    }

    /**
     * Finds the end of the last whole record, and removes what is after it: a torn tail must not be
     * taken for WAL when later WAL happens to end where it begins.
     *
     * @param boundary the end of a record that is surely there
     * @param known what was durable before
     * @throws DamagedWalException if what was durable is not there any more
     */
    Lsn recover(Lsn boundary, CommitHint.Known known) throws IOException {
        Lsn from =
                !known.flush().isBefore(boundary) && isAttested(boundary, known)
                        ? known.flush()
                        : boundary;
        Lsn end = decode(from);
        if (end.isBefore(known.flush())) {
            throw new DamagedWalException(
                    directory,
                    WalSegments.pageStart(end),
                    "holds no WAL from " + end + " on, but it was durable to " + known.flush());
        }
        byte[] lastPage = readUnchecked(WalSegments.pageStart(end), WalSegments.pageOffset(end));
        checkSums(WalSegments.pageStart(from), WalSegments.pageStart(end));
        cut(end, lastPage);
        settle(boundary, end);
        makeSums(WalSegments.pageStart(from), WalSegments.pageStart(end));
        return end;
    }

    /** Whether checksums cover all between; the last page's is checked. */
    private boolean isAttested(Lsn boundary, CommitHint.Known known) throws IOException {
        Lsn last = WalSegments.pageStart(known.flush());
        for (Lsn page = WalSegments.pageStart(boundary);
                page.isBefore(last);
                page = page.plus(WalSegments.PAGE_SIZE)) {
            if (sums.of(page) == 0) {
                return false;
            }
        }
        int offset = WalSegments.pageOffset(known.flush());
        if (sums.of(last) != 0 || offset == 0) {
            return true; // checked when it is read
        }
        if (known.lastPage() == 0) {
            return false;
        }
        byte[] page = readUnchecked(last, offset);
        if (PageSums.sum(new CRC32C(), ByteBuffer.wrap(page, 0, offset)) != known.lastPage()) {
            throw new DamagedWalException(directory, last, "fails its checksum");
        }
        return true;
    }

    private Lsn decode(Lsn from) throws IOException {
        WalDecoder decoder = new WalDecoder(from);
        ByteBuffer piece = ByteBuffer.allocate(PIECE);
        try (SegmentReader reader = new SegmentReader(directory)) {
            Lsn position = from;
            while (reader.readSome(position, piece.clear()) > 0) {
                position = position.plus(piece.flip().remaining());
                decoder.feed(piece);
                while (decoder.next() != null) {
                    // only the end matters
                }
            }
        } catch (WalFormatException tornTail) {
            // what is not WAL any more was never acknowledged
        }
        return decoder.end();
    }

    private byte[] readUnchecked(Lsn page, int length) throws IOException {
        byte[] bytes = new byte[WalSegments.PAGE_SIZE];
        ByteBuffer into = ByteBuffer.wrap(bytes, 0, length);
        try (SegmentReader reader = new SegmentReader(directory)) {
            while (into.hasRemaining() && reader.readSome(page.plus(into.position()), into) > 0) {
                // until all that is there
            }
        }
        return bytes;
    }

    private void checkSums(Lsn first, Lsn last) throws IOException {
        CRC32C crc = new CRC32C();
        for (Lsn page = first; page.isBefore(last); page = page.plus(WalSegments.PAGE_SIZE)) {
            int known = sums.of(page);
            if (known != 0
                    && PageSums.sum(
                                    crc,
                                    ByteBuffer.wrap(readUnchecked(page, WalSegments.PAGE_SIZE)))
                            != known) {
                throw new DamagedWalException(directory, page, "fails its checksum");
            }
        }
    }

    /** Of what recovery has read. */
    private void makeSums(Lsn first, Lsn last) throws IOException {
        CRC32C crc = new CRC32C();
        for (Lsn page = first; page.isBefore(last); page = page.plus(WalSegments.PAGE_SIZE)) {
            if (sums.of(page) == 0) {
                byte[] bytes = readUnchecked(page, WalSegments.PAGE_SIZE);
                sums.put(page, PageSums.sum(crc, ByteBuffer.wrap(bytes)));
            }
        }
        sums.sync();
    }

    /**
     * Puts damaged pages back, as far as another copy of them is what was written here: the first,
     * and those that follow it up to one that is right.
     *
     * @param first where the first begins
     * @param copy whole pages of one segment, zeros where the timeline has none yet or not any more
     * @param committed WAL before is committed, here and where the copy is from, so that a page of
     *     which no checksum is left must be what the copy is
     * @return up to where pages are right now; {@code first} if none is
     */
    Lsn repair(Lsn first, byte[] copy, CommitHint.Known known, Lsn committed) throws IOException {
        Lsn page = first;
        for (int at = 0; at < copy.length; at += WalSegments.PAGE_SIZE) {
            boolean further = at > 0;
            if (further && (page.plus(WalSegments.PAGE_SIZE).isAfter(committed) || isRight(page))) {
                break;
            }
            byte[] bytes = Arrays.copyOfRange(copy, at, at + WalSegments.PAGE_SIZE);
            if (!repairPage(page, bytes, known, committed)) {
                break;
            }
            page = page.plus(WalSegments.PAGE_SIZE);
        }
        if (page.isAfter(first)) {
            Path segment = path(WalSegments.segmentOf(first));
            try (FileChannel file = FileChannel.open(segment, StandardOpenOption.WRITE)) {
                file.force(true);
            }
            sums.sync();
            Directories.sync(directory);
        }
        return page;
    }

    private boolean isRight(Lsn page) throws IOException {
        int expected = sums.of(page);
        byte[] bytes = readUnchecked(page, WalSegments.PAGE_SIZE);
        return expected != 0 && PageSums.sum(new CRC32C(), ByteBuffer.wrap(bytes)) == expected;
    }

    private boolean repairPage(Lsn page, byte[] copy, CommitHint.Known known, Lsn committed)
            throws IOException {
        CRC32C crc = new CRC32C();
        int whole = PageSums.sum(crc, ByteBuffer.wrap(copy));
        int expected = sums.of(page);
        int offset = WalSegments.pageOffset(known.flush());
        boolean isLast =
                expected == 0 && WalSegments.pageStart(known.flush()).equals(page) && offset > 0;
        boolean isKnown = expected != 0 || page.plus(WalSegments.PAGE_SIZE).isAfter(committed);
        if (isLast) {
            if (known.lastPage() != PageSums.sum(crc, ByteBuffer.wrap(copy, 0, offset))) {
                return false;
            }
        } else if (isKnown && whole != expected) {
            boolean same = Arrays.equals(copy, readUnchecked(page, WalSegments.PAGE_SIZE));
            if (same) {
                sums.put(page, whole); // it was the checksum that was damaged
            }
            return same;
        }
        try (FileChannel file =
                FileChannel.open(
                        path(WalSegments.segmentOf(page)),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(copy, 0, isLast ? offset : copy.length);
            writeFully(file, WalSegments.segmentOffset(page), bytes);
        }
        if (!isLast) {
            sums.put(page, whole);
        }
        return true;
    }

    /**
     * Makes what recovery found durable: a killed safekeeper leaves it in the page cache only.
     * Where the last record was an XLOG_SWITCH, its segment is filled up.
     */
    private void settle(Lsn boundary, Lsn end) throws IOException {
        for (long segment : segments()) {
            if (segment < WalSegments.segmentOf(boundary)) {
                continue;
            }
            try (FileChannel file = FileChannel.open(path(segment), StandardOpenOption.WRITE)) {
                if (!WalSegments.segmentStart(segment + 1).isAfter(end)
                        && file.size() < WalSegments.SIZE) {
                    writeFully(file, WalSegments.SIZE - 1, ByteBuffer.allocate(1));
                }
                file.force(true);
            }
        }
        Directories.sync(directory);
    }

    private List<Long> segments() throws IOException {
        return segments(directory);
    }

    /** The numbers of the segments in a directory, in order. */
    static List<Long> segments(Path directory) throws IOException {
        return Directories.list(directory).stream()
                .map(file -> file.getFileName().toString())
                .filter(WalSegments::isFileName)
                .map(WalSegments::parseFileName)
                .toList();
    }

    private Path path(long segment) {
        return directory.resolve(WalSegments.fileName(segment));
    }

    private void closeFiles() throws IOException {
        syncing.lock();
        try {
            for (FileChannel file : finished) {
                if (!failed) {
                    file.force(false);
                }
                file.close();
            }
            finished.clear();
            if (current != null) {
                current.close();
            }
            current = null;
            currentSegment = -1;
        } finally {
            syncing.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        closeFiles();
        sums.close();
    }
}
