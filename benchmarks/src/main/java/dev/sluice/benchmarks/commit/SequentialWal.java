package dev.sluice.benchmarks.commit;

import dev.sluice.walservice.proposer.LocalWal;
import dev.sluice.walservice.wal.RecordEncoder;
import dev.sluice.walservice.wal.WalLayout;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** WAL in memory, of records that fill a page each with what cannot be compressed. */
final class SequentialWal implements LocalWal {
    static final int RECORD_CONTENTS = 8000;
    static final long SYSTEM = 42;
    static final int MAJOR = 17;
    private static final int XLOG = 0;
    private static final int NOOP = 0x20;

    private final Lsn start;
    private final byte[] image;
    private final List<Lsn> ends = new ArrayList<>();

    /**
     * @param start a segment's first record
     * @param bytes about how much
     */
    SequentialWal(Lsn start, int bytes) {
        this.start = start;
        this.image = new byte[bytes + WalSegments.SIZE];
        Random random = new Random(1);
        byte[] contents = new byte[RECORD_CONTENTS];
        Lsn previous = Lsn.INVALID;
        Lsn at = start;
        Lsn base = base();
        while (at.minus(base) < bytes) {
            random.nextBytes(contents);
            byte[] record = RecordEncoder.encodeRecord(XLOG, NOOP, 0, previous, contents);
            WalLayout layout = WalLayout.layDown(record, at, MAJOR, SYSTEM);
            for (WalLayout.Page page : layout.pages()) {
                place(page, layout.start());
            }
            previous = layout.start();
            at = layout.end();
            ends.add(at);
        }
    }

    private Lsn base() {
        return WalSegments.segmentStart(WalSegments.segmentOf(start));
    }

    /** Leaves what the records before have on the page. */
    private void place(WalLayout.Page page, Lsn recordStart) {
        if (page.address().isBefore(WalSegments.pageStart(recordStart))) {
            return; // the segment's first page, which is there
        }
        boolean fresh =
                !page.address().isBefore(recordStart)
                        || WalSegments.firstUsable(page.address()).equals(recordStart);
        int from = fresh ? 0 : (int) recordStart.minus(page.address());
        System.arraycopy(
                page.bytes(),
                from,
                image,
                (int) page.address().minus(base()) + from,
                page.bytes().length - from);
    }

    /** Where each record ends. */
    List<Lsn> ends() {
        return ends;
    }

    @Override
    public void read(Lsn at, ByteBuffer into) {
        into.put(image, (int) at.minus(base()), into.remaining());
    }
}
