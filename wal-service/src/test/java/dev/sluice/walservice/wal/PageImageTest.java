package dev.sluice.walservice.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.zip.CRC32C;
import net.jpountz.lz4.LZ4Factory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images that the Postgres of {@link PostgresWalTest}, built with pglz only, cannot write: some
 * that are made here, and one of each method from a Postgres 17.11 that was built with all of them.
 */
class PageImageTest {
    private static final Lsn START = Lsn.parse("0/2003000");
    private static final int HOLE_OFFSET = 500;
    private static final int HOLE_LENGTH = 3000;

    private static byte[] page() {
        byte[] page = new byte[PageImage.PAGE_SIZE];
        Random random = new Random(5);
        for (int i = 0; i < page.length; i++) {
            page[i] = (byte) random.nextInt(4);
        }
        Arrays.fill(page, HOLE_OFFSET, HOLE_OFFSET + HOLE_LENGTH, (byte) 0);
        return page;
    }

    private static byte[] compress(int method, byte[] page) {
        byte[] stored = new byte[page.length - HOLE_LENGTH];
        int after = HOLE_OFFSET + HOLE_LENGTH;
        System.arraycopy(page, 0, stored, 0, HOLE_OFFSET);
        System.arraycopy(page, after, stored, HOLE_OFFSET, page.length - after);
        return method == PageImage.ZSTD
                ? Zstd.compress(stored)
                : LZ4Factory.safeInstance().fastCompressor().compress(stored);
    }

    private static WalRecord record(int info, byte[] image, int length) throws WalFormatException {
        int total = WalRecord.HEADER_SIZE + 4 + 7 + 12 + 4 + length;
        ByteBuffer raw = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
        raw.putInt(total).position(RecordHeader.MANAGER_OFFSET);
        raw.put((byte) ResourceManager.RM_HEAP_ID).position(WalRecord.HEADER_SIZE);
        raw.put((byte) 0).put((byte) RecordStructure.HAS_IMAGE).putShort((short) 0);
        raw.putShort((short) length).putShort((short) HOLE_OFFSET).put((byte) info);
        raw.putShort((short) HOLE_LENGTH);
        raw.putInt(1663).putInt(5).putInt(16384).putInt(9);
        raw.put(image, 0, length);
        return WalRecord.parse(raw.array(), START, START.plus(total).aligned());
    }

    @ParameterizedTest
    @ValueSource(ints = {PageImage.LZ4, PageImage.ZSTD})
    void aCompressedImageIsRestored(int method) throws WalFormatException {
        byte[] image = compress(method, page());
        int info = method | PageImage.HAS_HOLE | PageImage.APPLY;
        WalRecord record = record(info, image, image.length);
        byte[] restored = new byte[PageImage.PAGE_SIZE];
        Arrays.fill(restored, (byte) 77);
        record.restoreImage(0, restored);
        assertThat(restored).isEqualTo(page());
        assertThat(record.blockImageApplies(0)).isTrue();
        assertThat(record.blockRelation(0)).isEqualTo(new RelFileLocator(1663, 5, 16384));
    }

    /**
     * One record a line: method, LSN, CRC32C of the page as {@code pg_waldump --save-fullpage}
     * wrote it, the record. Pages of tables with {@code md5} and {@code repeat} in their rows.
     */
    @Test
    void imagesThatPostgresCompressedAreRestored() throws IOException {
        List<String> methods = new ArrayList<>();
        for (String line : resource("page-images.txt").lines().toList()) {
            String[] fields = line.split(" ", -1);
            byte[] raw = HexFormat.of().parseHex(fields[3]);
            Lsn start = Lsn.parse(fields[1]);
            byte[] page = new byte[PageImage.PAGE_SIZE];
            WalRecord.parse(raw, start, start.plus(raw.length).aligned()).restoreImage(0, page);
            CRC32C crc = new CRC32C();
            crc.update(page);
            assertThat(crc.getValue()).as(line).isEqualTo(Long.parseLong(fields[2], 16));
            methods.add(fields[0]);
        }
        assertThat(methods).containsExactly("pglz", "lz4", "zstd");
    }

    private static String resource(String name) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(PageImageTest.class.getResourceAsStream(name))) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {PageImage.PGLZ, PageImage.LZ4, PageImage.ZSTD})
    void aDamagedImageIsAFormatError(int method) throws WalFormatException {
        byte[] image = compress(method, page());
        WalRecord cutShort = record(method | PageImage.HAS_HOLE, image, image.length - 9);
        assertThatThrownBy(() -> cutShort.restoreImage(0, new byte[PageImage.PAGE_SIZE]))
                .isInstanceOf(WalFormatException.class)
                .hasMessage("WAL at 0/2003000: the image of block 0 does not decompress to a page");
        assertThat(cutShort.blockImageApplies(0)).isFalse();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] page = new byte[PageImage.PAGE_SIZE];
        for (int round = 0; round < 5000; round++) {
            byte[] damaged = image.clone();
            damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            try {
                record(method | PageImage.HAS_HOLE, damaged, damaged.length).restoreImage(0, page);
            } catch (WalFormatException e) {
                assertThat(e.lsn()).as("seed %d", seed).isEqualTo(START);
            }
        }
    }

    @Test
    void flagsThatAreNotPossibleAreRefused() {
        byte[] image = compress(PageImage.LZ4, page());
        for (int info : new int[] {PageImage.LZ4 | PageImage.PGLZ | 1, PageImage.LZ4 | 0x21}) {
            assertThatThrownBy(() -> record(info, image, image.length))
                    .isInstanceOf(WalFormatException.class)
                    .hasMessageContaining("the image of block 0 has unknown flags");
        }
    }
}
