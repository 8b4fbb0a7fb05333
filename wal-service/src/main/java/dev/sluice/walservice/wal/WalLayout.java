package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.List;

/**
 * A record laid down on WAL pages of its own, where nothing of what comes before it is known: the
 * bytes that a fresh {@code pg_wal} needs for Postgres to read the record and to write on after it.
 *
 * <p>The first page of the record's segment is among the pages, since Postgres looks for the system
 * identifier there. If the record begins in the middle of a page, that page's header says that a
 * record of an earlier page continues up to there: so whoever reads the page from its beginning
 * skips what is not there. Everything else on the pages is zero.
 *
 * @param start where the record's header is
 * @param end the record's end, as {@link WalRecord#end}
 * @param pages the touched pages, in order
 */
public record WalLayout(Lsn start, Lsn end, List<Page> pages) {
    /**
     * A whole WAL page.
     *
     * @param address the LSN of its first byte
     * @param bytes 8192 of them
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on to be written, never compared
    public record Page(Lsn address, byte[] bytes) {}

    /**
     * Lays a record down.
     *
     * @param record a whole record, from {@link RecordEncoder}
     * @param at the end of the record before: a multiple of 8 outside page headers. On a page's
     *     first byte the record goes after that page's header.
     * @param postgresMajor whose page magic to write
     * @param systemIdentifier the cluster's
     * @throws IllegalArgumentException if no record can begin at {@code at}
     */
    public static WalLayout layDown(
            byte[] record, Lsn at, int postgresMajor, long systemIdentifier) {
        Lsn start = WalSegments.recordStart(at);
        if (start.value() % 8 != 0 || start.isBefore(WalSegments.firstUsable(start))) {
            throw new IllegalArgumentException("no WAL record can begin at " + at);
        }
        Builder builder = new Builder(WalPageHeader.magicOf(postgresMajor), systemIdentifier);
        Lsn page = WalSegments.pageStart(start);
        if (WalSegments.segmentOffset(page) != 0) {
            builder.addPage(WalSegments.segmentStart(start), 0);
        }
        builder.addPage(page, (int) start.minus(WalSegments.firstUsable(page)));
        return new WalLayout(start, builder.write(record, start), List.copyOf(builder.pages));
    }

    /** Copies the pages that lie in the given segment to their places in its image. */
    public void writeInto(byte[] segmentImage, long segment) {
        for (Page page : pages) {
            if (WalSegments.segmentOf(page.address) == segment) {
                System.arraycopy(
                        page.bytes,
                        0,
                        segmentImage,
                        WalSegments.segmentOffset(page.address),
                        WalSegments.PAGE_SIZE);
            }
        }
    }

    private static final class Builder {
        private final int magic;
        private final long systemIdentifier;
        private final List<Page> pages = new ArrayList<>();

        Builder(int magic, long systemIdentifier) {
            this.magic = magic;
            this.systemIdentifier = systemIdentifier;
        }

        void addPage(Lsn address, int remaining) {
            boolean first = WalSegments.segmentOffset(address) == 0;
            int flags =
                    (first ? WalPageHeader.LONG_HEADER : 0)
                            | (remaining > 0 ? WalPageHeader.FIRST_IS_CONTRECORD : 0);
            byte[] bytes = new byte[WalSegments.PAGE_SIZE];
            new WalPageHeader(
                            magic,
                            flags,
                            WalSegments.TIMELINE,
                            address,
                            remaining,
                            first ? systemIdentifier : 0)
                    .write(bytes, 0);
            pages.add(new Page(address, bytes));
        }

        /** Writes the record on the last page and as many more as it takes; its end. */
        Lsn write(byte[] record, Lsn start) {
            int written = 0;
            Lsn position = start;
            while (true) {
                Page page = pages.getLast();
                int offset = WalSegments.pageOffset(position);
                int length = Math.min(record.length - written, WalSegments.PAGE_SIZE - offset);
                System.arraycopy(record, written, page.bytes, offset, length);
                written += length;
                if (written == record.length) {
                    return position.plus(length).aligned();
                }
                Lsn next = page.address.plus(WalSegments.PAGE_SIZE);
                addPage(next, record.length - written);
                position = WalSegments.firstUsable(next);
            }
        }
    }
}
