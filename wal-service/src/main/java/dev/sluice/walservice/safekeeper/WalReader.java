package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * Reads a timeline's WAL, and gives none that is not as it was written: from the segments here, and
 * what has been removed from here, from elsewhere. For one thread.
 */
final class WalReader implements Closeable {
    private static final int MOST_PAGES = 16;

    private final Path directory;
    private final PageSums sums;
    private final LocalExtent extent;
    private final TrimmedWal trimmed;
    private final SegmentReader files;
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer pages = ByteBuffer.allocateDirect(MOST_PAGES * WalSegments.PAGE_SIZE);

    /** Where WAL is read that is not here any more. */
    interface TrimmedWal {

        /** Fills {@code into}, from one segment. */
        void read(Lsn at, ByteBuffer into) throws IOException;
    }

    WalReader(Path directory, PageSums sums, LocalExtent extent, TrimmedWal trimmed) {
        this.directory = directory;
        this.sums = sums;
        this.extent = extent;
        this.trimmed = trimmed;
        this.files = new SegmentReader(directory);
    }

    /**
     * Fills {@code into} with the WAL from {@code at} on, which must be there.
     *
     * @throws DamagedWalException if a page is not what was written
     */
    void read(Lsn at, ByteBuffer into) throws IOException {
        Lsn position = at;
        while (into.hasRemaining()) {
            int before = into.remaining();
            if (!readHere(position, into)) {
                readTrimmed(position, into);
            }
            position = position.plus(before - into.remaining());
        }
    }

    /**
     * Reads some.
     *
     * @return false if it is not here any more
     */
    private boolean readHere(Lsn at, ByteBuffer into) throws IOException {
        extent.reading().lock();
        try {
            // The page that the local WAL begins on is here as a whole.
            if (at.isBefore(WalSegments.pageStart(extent.start()))) {
                return false;
            }
            int count = wholePages(at, into.remaining());
            if (count == 0) {
                readLastPage(at, into);
            } else {
                readPages(at, count, into);
            }
            return true;
        } finally {
            extent.reading().unlock();
        }
    }

    private void readTrimmed(Lsn at, ByteBuffer into) throws IOException {
        int limit = into.limit();
        int inSegment = WalSegments.SIZE - WalSegments.segmentOffset(at);
        into.limit(into.position() + Math.min(into.remaining(), inSegment));
        try {
            trimmed.read(at, into);
        } finally {
            into.limit(limit);
        }
    }

    /** How many of the next pages are whole. */
    private int wholePages(Lsn at, int wanted) throws IOException {
        Lsn page = WalSegments.pageStart(at);
        long left = at.plus(wanted).minus(page);
        int count = 0;
        while (left > 0 && count < MOST_PAGES && sums.of(page) != 0) {
            count++;
            page = page.plus(WalSegments.PAGE_SIZE);
            left -= WalSegments.PAGE_SIZE;
        }
        return count;
    }

    private void readLastPage(Lsn at, ByteBuffer into) throws IOException {
        int onPage = WalSegments.PAGE_SIZE - WalSegments.pageOffset(at);
        int limit = into.limit();
        into.limit(into.position() + Math.min(into.remaining(), onPage));
        boolean read = sums.readTail(at, into);
        into.limit(limit);
        Lsn page = WalSegments.pageStart(at);
        if (!read && sums.of(page) == 0) {
            throw new DamagedWalException(directory, page, "has no known checksum");
        }
    }

    private void readPages(Lsn at, int count, ByteBuffer into) throws IOException {
        Lsn first = WalSegments.pageStart(at);
        pages.clear().limit(count * WalSegments.PAGE_SIZE);
        while (pages.hasRemaining() && files.readSome(first.plus(pages.position()), pages) > 0) {
            // until all is there
        }
        int there = pages.position();
        for (int i = 0; i < count; i++) {
            Lsn page = first.plus((long) i * WalSegments.PAGE_SIZE);
            int offset = i * WalSegments.PAGE_SIZE;
            if (offset + WalSegments.PAGE_SIZE > there
                    || PageSums.sum(crc, pages.slice(offset, WalSegments.PAGE_SIZE))
                            != sums.of(page)) {
                throw new DamagedWalException(directory, page, "fails its checksum");
            }
        }
        int skipped = WalSegments.pageOffset(at);
        int length = Math.min(into.remaining(), there - skipped);
        into.put(pages.slice(skipped, length));
    }

    @Override
    public void close() throws IOException {
        files.close();
    }
}
