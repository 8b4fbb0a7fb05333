package dev.sluice.storage.postgres.v17.redo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.WalRecord;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A checkpoint between a GiST page's split and its downlink: too seldom to be recorded. */
@ExtendWith(Recordings.class)
class GistSplitTest {
    private static final int FLAGS_AT = Page.SIZE - 4;

    /** Postgres does it after it has logged the record, so no image shows it. */
    @Test
    void aSplitIsCompletedAfterAnImageToo(Recordings.Shelf recordings) throws Exception {
        List<WalRecord> completing = new ArrayList<>();
        recordings
                .get(Recording.INDEXES)
                .replay(record -> {
                    if (completing.isEmpty()
                            && record.blockCount() == 2
                            && RecordTypes.name(record).equals("Gist PAGE_UPDATE")) {
                        completing.add(record);
                    }
                });
        WalRecord record = completing.getFirst();
        byte[] raw = record.raw().clone();
        raw[imageInfoOfSecondBlock(raw)] |= 0x02;
        Key key = Key.relationBlock(record.blockRelation(1), Fork.MAIN, record.blockNumber(1));
        byte[] page = new byte[Page.SIZE];

        new Redo17().apply(key, page, new Value.Wal(raw, true), record.end());

        assertThat(Page.lsn(page)).isEqualTo(record.end().value());
        assertThat(LittleEndian.i32(page, Page.SIZE - 16))
                .isEqualTo((int) (record.end().value() >>> 32));
        assertThat(LittleEndian.i32(page, Page.SIZE - 12)).isEqualTo((int) record.end().value());
        assertThat(LittleEndian.u16(page, FLAGS_AT) & GistPages.FOLLOW_RIGHT).isZero();
    }

    /**
     * {@code XLogRecordBlockHeader}: id, flags, data length, image header, relation, block. The
     * image's info says whether it applies (0x02) and how it is compressed (0x1C).
     */
    private static int imageInfoOfSecondBlock(byte[] raw) {
        int image = WalRecord.HEADER_SIZE + 4;
        boolean holeLength = (raw[image + 4] & 0x1C) != 0 && (raw[image + 4] & 0x01) != 0;
        int second = image + 5 + (holeLength ? 2 : 0) + 12 + 4;
        assertThat(raw[second]).isEqualTo((byte) 1);
        return second + 4 + 4;
    }
}
