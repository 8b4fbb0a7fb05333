package dev.sluice.walservice.safekeeper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PageSumsTest {
    private static final int PAGE = WalSegments.PAGE_SIZE;

    /** Three pages before a segment's end. */
    private static final Lsn START = WalSegments.segmentStart(5).plus(WalSegments.SIZE - 3L * PAGE);

    @TempDir Path directory;

    private static byte[] wal(int length) {
        byte[] wal = new byte[length];
        new Random(1).nextBytes(wal);
        return wal;
    }

    private static int sum(byte[] wal, int page) {
        return PageSums.sum(new CRC32C(), ByteBuffer.wrap(wal, page * PAGE, PAGE));
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 5000, 8192, 10_000, 3 * 8192, 30_000, 80_000})
    void piecesOfAnySizeGiveTheSumsOfPagesAlsoOverSegments(int piece) throws IOException {
        int pages = 7;
        byte[] wal = wal(pages * PAGE + 1234);
        try (PageSums sums = new PageSums(directory)) {
            sums.cut(START, new byte[PAGE]);
            for (int at = 0; at < wal.length; at += piece) {
                int length = Math.min(piece, wal.length - at);
                sums.append(START.plus(at), ByteBuffer.wrap(wal, at, length));
            }
            checkAll(sums, wal, pages);
            ByteBuffer tail = ByteBuffer.allocate(1234);
            assertThat(sums.readTail(START.plus((long) pages * PAGE), tail)).isTrue();
            assertThat(tail.flip()).isEqualTo(ByteBuffer.wrap(wal, pages * PAGE, 1234));
            CRC32C crc = new CRC32C();
            assertThat(sums.upTo(START.plus((long) pages * PAGE + 1000)))
                    .isEqualTo(PageSums.sum(crc, ByteBuffer.wrap(wal, pages * PAGE, 1000)));
        }
        try (PageSums again = new PageSums(directory)) {
            checkAll(again, wal, pages);
        }
    }

    private static void checkAll(PageSums sums, byte[] wal, int pages) throws IOException {
        for (int page = 0; page < pages; page++) {
            assertThat(sums.of(START.plus((long) page * PAGE))).isEqualTo(sum(wal, page));
        }
        assertThat(sums.of(START.plus((long) pages * PAGE))).isZero();
    }

    @Test
    void itGoesOnInThePageThatWasCut() throws IOException {
        byte[] wal = wal(3 * PAGE);
        try (PageSums sums = new PageSums(directory)) {
            sums.cut(START, new byte[PAGE]);
            sums.append(START, ByteBuffer.wrap(wal, 0, 2 * PAGE + 50));
            byte[] last = new byte[PAGE];
            System.arraycopy(wal, PAGE, last, 0, 77);
            sums.cut(START.plus(PAGE + 77), last);
            assertThat(sums.of(START.plus(PAGE))).isZero();
            sums.append(START.plus(PAGE + 77), ByteBuffer.wrap(wal, PAGE + 77, PAGE));
            assertThat(sums.of(START)).isEqualTo(sum(wal, 0));
            assertThat(sums.of(START.plus(PAGE))).isEqualTo(sum(wal, 1));
        }
    }
}
