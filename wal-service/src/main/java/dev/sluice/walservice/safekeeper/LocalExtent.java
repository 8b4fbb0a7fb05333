package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.consensus.TimelineControl;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which part of a timeline's WAL is on this safekeeper's disk: all from {@link #start} on. And up
 * to where it is in the object store. That is written down before a segment is removed; what a
 * crash left of the removal is done when the timeline is opened. Any number of threads.
 */
final class LocalExtent {
    private static final Logger log = LoggerFactory.getLogger(LocalExtent.class);

    private final Path directory;
    private final ReadWriteLock trimming = new ReentrantReadWriteLock();
    private final ReentrantLock writing = new ReentrantLock();
    private volatile Lsn start;
    private volatile Lsn offloaded;

    private LocalExtent(Path directory, Lsn start, Lsn offloaded) {
        this.directory = directory;
        this.start = start;
        this.offloaded = offloaded;
    }

    /**
     * Reads what is known of a timeline.
     *
     * @param control the timeline's
     */
    static LocalExtent open(Path directory, TimelineControl control) throws IOException {
        OffloadFile.Known known;
        try {
            known = OffloadFile.read(directory);
        } catch (DamagedFileException e) {
            known = derived(directory, control);
            log.warn("{}; WAL begins here at {}", e.getMessage(), known.localStart());
            OffloadFile.write(directory, known);
        }
        if (known == null) {
            return new LocalExtent(directory, control.start(), Lsn.INVALID);
        }
        LocalExtent extent = new LocalExtent(directory, known.localStart(), known.offloaded());
        extent.removeBelow(known.localStart());
        return extent;
    }

    /**
     * Segments are removed from the first one on, and only when they are offloaded; that of the
     * commit LSN stays.
     */
    private static OffloadFile.Known derived(Path directory, TimelineControl control)
            throws IOException {
        List<Long> segments = WalStore.segments(directory);
        Lsn first =
                segments.isEmpty()
                        ? WalSegments.segmentStart(control.commit())
                        : WalSegments.segmentStart(segments.getFirst());
        return first.isAfter(control.start())
                ? new OffloadFile.Known(first, first)
                : new OffloadFile.Known(control.start(), Lsn.INVALID);
    }

    /** Held while local WAL is read, so that it is not removed meanwhile. */
    Lock reading() {
        return trimming.readLock();
    }

    /** Where the local WAL begins: where the timeline does, or at a segment's start. */
    Lsn start() {
        return start;
    }

    /**
     * Whether anything of a page is here yet.
     *
     * @param page where it begins
     */
    boolean hasPage(Lsn page) {
        return page.plus(WalSegments.PAGE_SIZE).isAfter(start);
    }

    /** All before is in the object store; {@link Lsn#INVALID} if nothing is known. */
    Lsn offloaded() {
        return offloaded;
    }

    /** Remembers, durably, up to where WAL is in the object store. */
    void offloaded(Lsn to) throws IOException {
        writing.lock();
        try {
            if (!to.equals(offloaded)) {
                OffloadFile.write(directory, new OffloadFile.Known(start, to));
                offloaded = to;
            }
        } finally {
            writing.unlock();
        }
    }

    /**
     * Removes whole segments.
     *
     * @param to a segment's start, not after the commit LSN that is on disk, nor after {@link
     *     #offloaded}
     */
    void trim(Lsn to, PageSums sums) throws IOException {
        writing.lock();
        try {
            if (!to.isAfter(start) || to.isAfter(offloaded)) {
                return;
            }
            OffloadFile.write(directory, new OffloadFile.Known(to, offloaded));
            trimming.writeLock().lock();
            try {
                start = to;
                sums.forget(WalSegments.segmentOf(to));
                removeBelow(to);
            } finally {
                trimming.writeLock().unlock();
            }
        } finally {
            writing.unlock();
        }
    }

    private void removeBelow(Lsn lsn) throws IOException {
        for (long segment : WalStore.segments(directory)) {
            if (segment < WalSegments.segmentOf(lsn)) {
                Files.deleteIfExists(PageSums.file(directory, segment));
                Files.deleteIfExists(directory.resolve(WalSegments.fileName(segment)));
            }
        }
    }
}
