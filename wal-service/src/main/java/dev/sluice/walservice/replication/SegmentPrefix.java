package dev.sluice.walservice.replication;

import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.wal.WalPageHeader;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;

/**
 * What a reader gets for the beginning of the segment in which a timeline's WAL begins. Postgres
 * asks for whole segments, and before it believes a record it looks at the header of the segment's
 * first page and at that of the record's page. Those are here, and else zeros: what was before is
 * another timeline's, and nobody who reads this one needs it.
 */
final class SegmentPrefix {
    private final Lsn segment;
    private final Lsn start;
    private final byte[] first = new byte[WalPageHeader.LONG_SIZE];
    private final byte[] last = new byte[WalPageHeader.SHORT_SIZE];

    SegmentPrefix(TimelineStatus timeline) {
        this.start = timeline.start();
        this.segment = WalSegments.segmentStart(start);
        int magic = WalPageHeader.magicOf(timeline.postgresMajor());
        new WalPageHeader(
                        magic,
                        WalPageHeader.LONG_HEADER,
                        WalSegments.TIMELINE,
                        segment,
                        0,
                        timeline.systemIdentifier())
                .write(first, 0);
        new WalPageHeader(magic, 0, WalSegments.TIMELINE, WalSegments.pageStart(start), 0, 0)
                .write(last, 0);
    }

    /** The first position that can be read. */
    Lsn begin() {
        return segment;
    }

    /** Where the timeline's own WAL begins. */
    Lsn end() {
        return start;
    }

    /** Whether a position is before the timeline's own WAL. */
    boolean covers(Lsn at) {
        return at.isBefore(start);
    }

    /** Fills {@code into}, which must not reach past the timeline's start. */
    void read(Lsn at, ByteBuffer into) {
        int from = into.position();
        Lsn end = at.plus(into.remaining());
        while (into.hasRemaining()) {
            into.put((byte) 0);
        }
        Lsn page = WalSegments.pageStart(start);
        if (!page.equals(segment)) {
            put(into, from, at, end, page, last);
        }
        put(into, from, at, end, segment, first);
    }

    private static void put(
            ByteBuffer into, int from, Lsn at, Lsn end, Lsn position, byte[] header) {
        for (int i = 0; i < header.length; i++) {
            Lsn target = position.plus(i);
            if (!target.isBefore(at) && target.isBefore(end)) {
                into.put(from + (int) target.minus(at), header[i]);
            }
        }
    }
}
