package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A place between two records, where history can be cut: the end of one, with the start of that
 * one, which the next record to be written there must name as its previous.
 *
 * @param lsn the end of a record, as {@link WalRecord#end}
 * @param previous the start of that record
 */
public record RecordBoundary(Lsn lsn, Lsn previous) {
    private static final int PIECE = 64 * 1024;

    /**
     * The last boundary at or before {@code limit}, found by reading from the beginning of its
     * segment: the first page's header tells where the first record begins there. If no record ends
     * between there and {@code limit}, the segment before is read, and so on.
     *
     * @throws WalFormatException if a record or page on the way is damaged
     * @throws IOException if WAL is missing
     */
    public static RecordBoundary atOrBefore(WalBytes wal, Lsn limit) throws IOException {
        if (!limit.isValid()) {
            throw new IllegalArgumentException("there is no WAL before " + limit);
        }
        Lsn segment = WalSegments.segmentStart(limit.plus(-1));
        while (segment.isValid()) {
            Lsn first = firstFrom(wal, segment, limit);
            if (first.isBefore(limit)) {
                RecordBoundary found =
                        atOrBefore(wal, new RecordBoundary(first, Lsn.INVALID), limit);
                if (found.previous.isValid()) {
                    return found;
                }
            }
            segment = segment.plus(-WalSegments.SIZE);
        }
        throw new WalFormatException(limit, "no record ends at or before it");
    }

    /**
     * The last boundary at or before {@code limit}, found by reading from a known one; that one
     * itself if no record ends in between.
     *
     * @throws IllegalArgumentException if {@code known} is after {@code limit}
     * @throws WalFormatException if a record or page on the way is damaged
     * @throws IOException if WAL is missing
     */
    public static RecordBoundary atOrBefore(WalBytes wal, RecordBoundary known, Lsn limit)
            throws IOException {
        if (known.lsn.isAfter(limit)) {
            throw new IllegalArgumentException(known.lsn + " is after " + limit);
        }
        CompleteRecordScanner scanner = new CompleteRecordScanner(known.lsn, known.previous);
        ByteBuffer piece = ByteBuffer.allocate(PIECE);
        while (scanner.position().isBefore(limit)) {
            long rest = limit.minus(scanner.position());
            piece.clear().limit((int) Math.min(rest, PIECE));
            wal.read(scanner.position(), piece);
            scanner.accept(piece.flip());
        }
        return new RecordBoundary(scanner.end(), scanner.lastRecordStart());
    }

    /**
     * Where the first record begins that does not begin before a page: on the page's first byte, or
     * after the rest of a record that continues there.
     *
     * @param start the first byte of a page
     * @return a position after {@code limit} if none begins before it
     * @throws WalFormatException if a page on the way has no header: nothing was written there, or
     *     an XLOG_SWITCH left it out
     */
    public static Lsn firstFrom(WalBytes wal, Lsn start, Lsn limit) throws IOException {
        Lsn page = start;
        while (page.isBefore(limit)) {
            WalPageHeader header = readHeader(wal, page);
            Lsn usable = WalSegments.firstUsable(page);
            if (!header.continuesRecord()) {
                return page;
            }
            long rest = Integer.toUnsignedLong(header.remainingLength());
            page = page.plus(WalSegments.PAGE_SIZE);
            if (rest <= page.minus(usable)) {
                return usable.plus(rest).aligned();
            }
        }
        return limit.plus(1);
    }

    private static WalPageHeader readHeader(WalBytes wal, Lsn page) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(WalSegments.pageHeaderSize(page));
        wal.read(page, bytes);
        return WalPageHeader.parse(bytes.flip(), page);
    }
}
