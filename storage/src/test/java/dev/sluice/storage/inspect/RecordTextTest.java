package dev.sluice.storage.inspect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.RecordDescriber;
import dev.sluice.walservice.wal.RecordEncoder;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Records that Postgres 17.11 wrote, and what its {@code pg_waldump} prints for each: {@code
 * record-lines.txt} has start, end and bytes of a record in hexadecimal, and the line; two records
 * of each type that our workloads made it write.
 */
class RecordTextTest {
    private static final RecordDescriber DESCRIBER =
            PostgresMajor.of(17).describer(ZoneId.of("UTC"));
    private static final RecordText TEXT = new RecordText(DESCRIBER);

    private record Sample(Lsn start, Lsn end, String hex, String line) {
        byte[] raw() {
            return HexFormat.of().parseHex(hex);
        }

        WalRecord parse() throws IOException {
            return WalRecord.parse(raw(), start, end);
        }
    }

    private static List<Sample> samples() throws IOException {
        List<Sample> samples = new ArrayList<>();
        try (var in = RecordTextTest.class.getResourceAsStream("/record-lines.txt")) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
            for (String entry : text.strip().split("\n\n", -1)) {
                String[] lines = entry.strip().split("\n", -1);
                String[] fields = lines[0].split(" ", -1);
                samples.add(
                        new Sample(
                                new Lsn(Long.parseLong(fields[0], 16)),
                                new Lsn(Long.parseLong(fields[1], 16)),
                                fields[2],
                                lines[1]));
            }
        }
        return samples;
    }

    @Test
    void everyLineIsThatOfPgWaldump() throws IOException {
        List<Sample> samples = samples();
        assertThat(samples).hasSizeGreaterThan(130);
        for (Sample sample : samples) {
            // Some lines end with a blank, which an editor would take away from the file.
            assertThat(TEXT.line(sample.parse()).strip()).isEqualTo(sample.line.strip());
        }
    }

    @Test
    void detailsShowTheHoleOfAnImage() throws IOException {
        Sample sample =
                samples().stream()
                        .filter(candidate -> candidate.line.contains("desc: FPI "))
                        .findFirst()
                        .orElseThrow();
        assertThat(TEXT.lines(sample.parse()))
                .contains("\n\tblkref #0: rel ")
                .containsPattern(
                        " fork [a-z]+ blk [0-9]+ \\(FPW\\); hole: offset: [0-9]+, length: [0-9]+")
                .endsWith("\n");
    }

    /** Types that ordinary work does not write. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    CLOG      | 10 | 0700000000000000 d2020000                   | TRUNCATE page 7; oldestXact 722
                    COMMIT_TS | 10 | 0700000000000000 d2020000                   | TRUNCATE pageno 7, oldestXid 722
                    MULTIXACT | 00 | 0300000000000000                            | ZERO_OFF_PAGE 3
                    MULTIXACT | 30 | 05000000 01000000 02000000 03000000 04000000 | TRUNCATE_ID offsets [1, 2), members [3, 4)
                    TABLESPACE| 00 | 01400000 2f6100                             | CREATE 16385 "/a"
                    TABLESPACE| 10 | 01400000                                    | DROP 16385
                    XLOG      | 20 |                                             | NOOP
                    XLOG      | 90 | 40420f0000000000 02000000 01000000 01000000 | END_OF_RECOVERY tli 2; prev tli 1; time 2000-01-01 00:00:01.000000 UTC; wal_level replica
                    XLOG      | d0 | 2800000102000000 41420f0000000000           | OVERWRITE_CONTRECORD lsn 2/1000028; time 2000-01-01 00:00:01.000001 UTC
                    XLOG      | f0 | 00                                          | UNKNOWN (f0)
                    HEAP2     | 00 | 00                                          | REWRITE
                    HASH      | 00 | 000000205fa00242 00000000 4b00              | INIT_META_PAGE num_tuples 1e+10, fillfactor 75
                    HASH      | b0 | 0000000000e0ac40                            | UPDATE_META_PAGE ntuples 3696
                    XACT      | 50 | 05000000 02000000 06000000                  | ASSIGNMENT xtop 5: subxacts: (the record is damaged or cut short: 2 of 4 bytes from byte 8 on)
                    """)
    void rareTypes(ResourceManager manager, String info, String data, String expected)
            throws IOException {
        byte[] main = data == null ? new byte[0] : HexFormat.of().parseHex(data.replace(" ", ""));
        byte[] raw =
                RecordEncoder.encodeRecord(
                        manager.id(), Integer.parseInt(info, 16), 0, Lsn.INVALID, main);
        WalRecord record = WalRecord.parse(raw, new Lsn(40), new Lsn(80));
        assertThat((DESCRIBER.type(record) + " " + DESCRIBER.describe(record)).strip())
                .isEqualTo(expected);
    }

    @Test
    void aManagerOfAnExtensionIsANumber() throws IOException {
        byte[] raw = RecordEncoder.encodeRecord(130, 0x10, 7, new Lsn(40), new byte[8]);
        assertThat(
                        TEXT.line(
                                WalRecord.parse(
                                        raw, new Lsn(0x1_0000_0050L), new Lsn(0x1_0000_0090L))))
                .isEqualTo(
                        "rmgr: custom130   len (rec/tot):     34/    34, tx:          7,"
                                + " lsn: 1/00000050, prev 0/00000028, desc: UNKNOWN (10) ");
    }

    @Test
    void damagedRecordsAreDescribedAllTheSame() throws IOException {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int described = 0;
        for (Sample sample : samples()) {
            for (int i = 0; i < 200; i++) {
                byte[] raw = sample.raw();
                for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                    int at = WalRecord.HEADER_SIZE - 8 + random.nextInt(raw.length - 16);
                    raw[at] = (byte) random.nextInt();
                }
                if (random.nextInt(4) == 0) {
                    raw = cutShort(raw, random);
                }
                described += describes(raw) ? 1 : 0;
            }
        }
        assertThat(described).isPositive();
    }

    /** The last bytes of the main data are gone, and the headers say so. */
    private static byte[] cutShort(byte[] raw, Random random) throws IOException {
        WalRecord whole;
        try {
            whole = WalRecord.parse(raw, new Lsn(40), new Lsn(80));
        } catch (WalFormatException e) {
            return raw;
        }
        if (whole.blockCount() > 0 || whole.mainLength() == 0) {
            return raw;
        }
        byte[] main = new byte[random.nextInt(whole.mainLength())];
        System.arraycopy(raw, whole.mainOffset(), main, 0, main.length);
        return RecordEncoder.encodeRecord(
                whole.resourceManager(), whole.info(), 0, Lsn.INVALID, main);
    }

    private static boolean describes(byte[] raw) {
        ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).putInt(0, raw.length);
        WalRecord record;
        try {
            record = WalRecord.parse(raw, new Lsn(40), new Lsn(80));
        } catch (IOException e) {
            return false;
        }
        long begin = System.nanoTime();
        assertThat(TEXT.line(record)).hasSizeLessThan(1 << 20);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
        return true;
    }
}
