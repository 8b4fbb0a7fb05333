package dev.sluice.walservice.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What a healthy Postgres does not write, or seldom: the rest is in {@link PostgresWalTest}. */
class WalDecoderTest {
    private static final Lsn START = Lsn.parse("0/2003000");
    private static final Lsn PAGE = Lsn.parse("0/2004000");
    private static final Lsn PREV = Lsn.parse("0/2002F00");

    /** A record that begins at START and never ends: page 0/2004000 overwrites it. */
    private static ByteBuffer cutOff(Lsn overwritten, int info) {
        byte[] lost = RecordEncoder.encodeRecord(0, 0, 0, PREV, new byte[20_000]);
        byte[] data =
                ByteBuffer.allocate(16)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(overwritten.value())
                        .array();
        byte[] instead = RecordEncoder.encodeRecord(0, info, 0, PREV, data);
        byte[] page = WalLayout.layDown(instead, PAGE, 17, 1).pages().getLast().bytes();
        page[2] |= WalPageHeader.FIRST_IS_OVERWRITE_CONTRECORD;
        byte[] before = WalLayout.layDown(lost, START, 17, 1).pages().get(1).bytes();
        return ByteBuffer.allocate(2 * WalSegments.PAGE_SIZE)
                .put(before, 0x1000, 0x1000)
                .put(page)
                .flip();
    }

    @Test
    void aRecordThatACrashCutOffIsReplaced() throws WalFormatException {
        WalDecoder decoder = new WalDecoder(START, PREV);
        decoder.feed(cutOff(START, WalRecord.XLOG_OVERWRITE_CONTRECORD).limit(0x1000 + 100));
        WalRecord record = decoder.next();
        assertThat(record).isNotNull();
        assertThat(record.start()).isEqualTo(PAGE.plus(WalPageHeader.SHORT_SIZE));
        assertThat(record.rmgrInfo()).isEqualTo(WalRecord.XLOG_OVERWRITE_CONTRECORD);
    }

    @Test
    void butOnlyByARecordThatSaysSo() {
        WalDecoder decoder = new WalDecoder(START, PREV);
        decoder.feed(cutOff(START.plus(8), WalRecord.XLOG_OVERWRITE_CONTRECORD));
        assertThatThrownBy(decoder::next)
                .isInstanceOf(WalFormatException.class)
                .hasMessageContaining("for another than that at 0/2003000");
        WalDecoder other = new WalDecoder(START, PREV);
        other.feed(cutOff(START, 0));
        assertThatThrownBy(other::next)
                .isInstanceOf(WalFormatException.class)
                .hasMessageContaining("0/2004018")
                .hasMessageContaining("no overwrite record follows");
    }

    @Test
    void anAnnouncedLengthIsNotBelievedBeforeItsBytesCome() throws WalFormatException {
        ByteBuffer huge =
                ByteBuffer.allocate(100)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(WalRecord.MAX_LENGTH);
        WalDecoder decoder = new WalDecoder(START);
        decoder.feed(huge.rewind());
        long before = Runtime.getRuntime().totalMemory();
        assertThat(decoder.next()).isNull();
        assertThat(Runtime.getRuntime().totalMemory() - before).isLessThan(500_000_000);

        WalDecoder tooLong = new WalDecoder(START);
        tooLong.feed(huge.putInt(0, WalRecord.MAX_LENGTH + 1).rewind());
        assertThatThrownBy(tooLong::next)
                .isInstanceOf(WalFormatException.class)
                .hasMessage(
                        "WAL at 0/2003000: record length 1069547521 is not between 24 and"
                                + " 1069547520");
    }

    @Test
    void theChainOfRecordsIsChecked() {
        byte[] record = RecordEncoder.encodeRecord(0, 0, 0, PREV, new byte[8]);
        WalDecoder decoder = new WalDecoder(START, PREV.plus(8));
        decoder.feed(ByteBuffer.wrap(record));
        assertThatThrownBy(decoder::next)
                .isInstanceOf(WalFormatException.class)
                .hasMessageContaining("begins at 0/2002F00, but that is at 0/2002F08");
    }

    @Test
    void feedingBeforeThePieceBeforeIsUsedUpIsRefused() {
        WalDecoder decoder = new WalDecoder(START);
        decoder.feed(ByteBuffer.allocate(10));
        assertThatThrownBy(() -> decoder.feed(ByteBuffer.allocate(10)))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void pglzCopiesMatchesThatOverlap() {
        // Literals a, b; a match of 18 + 3 bytes from 2 back.
        byte[] packed = {0b100, 'a', 'b', 0x0F, 2, 3};
        byte[] out = new byte[23];
        assertThat(Pglz.decompress(packed, 0, packed.length, out, 0, out.length)).isTrue();
        assertThat(new String(out, java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo("abababababababababababa");
        assertThat(Pglz.decompress(packed, 0, 5, out, 0, out.length)).isFalse();
        assertThat(Pglz.decompress(packed, 0, packed.length, out, 0, 22)).isTrue();
        byte[] farBack = {0b10, 'a', 0x00, 2};
        assertThat(Pglz.decompress(farBack, 0, 4, out, 0, 4)).isFalse();
    }

    @Test
    void segmentNamesAndPositions() {
        assertThat(WalSegments.fileName(1)).isEqualTo("000000010000000000000001");
        assertThat(WalSegments.fileName(0x1FF)).isEqualTo("0000000100000001000000FF");
        assertThat(WalSegments.parseFileName("0000000100000001000000FF")).isEqualTo(0x1FF);
        assertThat(WalSegments.isFileName("000000010000000100000100")).isFalse();
        assertThat(WalSegments.isFileName("00000001.history")).isFalse();
        assertThatThrownBy(() -> WalSegments.parseFileName("000000020000000000000001"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(WalSegments.recordStart(PAGE)).isEqualTo(PAGE.plus(24));
        assertThat(WalSegments.segmentEnd(Lsn.parse("0/2000001")))
                .isEqualTo(Lsn.parse("0/3000000"));
        assertThat(WalSegments.segmentEnd(Lsn.parse("0/2000000")))
                .isEqualTo(Lsn.parse("0/2000000"));
    }

    @Test
    void zerosAreNoRecord() {
        WalDecoder decoder = new WalDecoder(START);
        decoder.feed(ByteBuffer.wrap(Arrays.copyOf(new byte[0], 64)));
        assertThatThrownBy(decoder::next)
                .isInstanceOf(WalFormatException.class)
                .hasMessageContaining("record length 0");
    }
}
