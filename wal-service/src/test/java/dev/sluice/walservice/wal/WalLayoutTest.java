package dev.sluice.walservice.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WalLayoutTest {
    private static final long SYSTEM = 0x6A11_D00D_1234_5678L;

    @ParameterizedTest
    @CsvSource({
        "0/2000000, 88, 0/2000028", // a segment's beginning: after the long header
        "0/2004000, 88, 0/2004018", // a page's beginning
        "0/2004018, 88, 0/2004018", // right after a page header
        "0/2004560, 88, 0/2004560", // in the middle
        "0/2005FF8, 88, 0/2005FF8", // the header itself crosses a page boundary
        "0/2FFFFE8, 88, 0/2FFFFE8", // and a segment boundary
        "0/2004560, 0, 0/2004560",
        "0/2004560, 255, 0/2004560",
        "0/2004560, 256, 0/2004560",
        "0/2FFE560, 40000, 0/2FFE560",
    })
    void whatIsLaidDownIsDecoded(String at, int length, String start) throws IOException {
        byte[] data = new byte[length];
        new Random(length).nextBytes(data);
        Lsn prev = Lsn.parse("0/1FFF000");
        byte[] record = RecordEncoder.encodeRecord(ResourceManager.RM_XLOG_ID, 0, 7, prev, data);
        WalLayout layout = WalLayout.layDown(record, Lsn.parse(at), 17, SYSTEM);
        assertThat(layout.start()).isEqualTo(Lsn.parse(start));

        byte[] first = image(layout, 2);
        byte[] second = image(layout, 3);
        assertThat(WalPageHeader.parse(ByteBuffer.wrap(first), Lsn.parse("0/2000000")))
                .returns(SYSTEM, WalPageHeader::systemIdentifier)
                .returns(0xD116, WalPageHeader::magic);
        WalDecoder decoder = new WalDecoder(Lsn.parse(at), prev);
        int offset = WalSegments.segmentOffset(Lsn.parse(at));
        decoder.feed(ByteBuffer.wrap(first, offset, WalSegments.SIZE - offset));
        WalRecord decoded = decoder.next();
        if (decoded == null) {
            decoder.feed(ByteBuffer.wrap(second));
            decoded = decoder.next();
        }
        assertThat(decoded).isNotNull();
        assertThat(decoded.raw()).isEqualTo(record);
        assertThat(decoded.end()).isEqualTo(layout.end());
        assertThat(decoded.mainLength()).isEqualTo(length);
        assertThat(decoded.xid()).isEqualTo(7);
        assertThat(decoded.start()).isEqualTo(layout.start());
    }

    private static byte[] image(WalLayout layout, long segment) {
        byte[] image = new byte[WalSegments.SIZE];
        layout.writeInto(image, segment);
        return image;
    }

    /** The page says that something before the record continues up to it. */
    @Test
    void aReaderOfTheWholePageLandsOnTheRecord() throws IOException {
        byte[] record = RecordEncoder.encodeRecord(0, 0, 0, Lsn.INVALID, new byte[88]);
        WalLayout layout = WalLayout.layDown(record, Lsn.parse("0/2004560"), 18, SYSTEM);
        WalPageHeader header =
                WalPageHeader.parse(
                        ByteBuffer.wrap(layout.pages().getLast().bytes()), Lsn.parse("0/2004000"));
        assertThat(header.continuesRecord()).isTrue();
        assertThat(header.remainingLength()).isEqualTo(0x560 - WalPageHeader.SHORT_SIZE);
        assertThat(header.magic()).isEqualTo(0xD118);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0/2000018", "0/2004008", "0/2004561", "0/2004564"})
    void noRecordBeginsInAPageHeaderOrUnaligned(String at) {
        byte[] record = RecordEncoder.encodeRecord(0, 0, 0, Lsn.INVALID, new byte[88]);
        Stream.<Runnable>of(
                        () -> WalLayout.layDown(record, Lsn.parse(at), 17, SYSTEM),
                        () -> new WalDecoder(Lsn.parse(at)))
                .forEach(attempt ->
                        assertThatThrownBy(attempt::run)
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageContaining(at));
    }
}
