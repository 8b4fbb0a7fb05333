package dev.sluice.walservice.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * WAL that a real Postgres wrote, taken apart here and by Postgres itself ({@code pg_walinspect}).
 */
class PostgresWalTest {
    private static final Lsn FIRST = Lsn.parse("0/1000000");

    private static final Map<Lsn, Oracle> RECORDS = new HashMap<>();
    private static final Map<String, String> BLOCKS = new HashMap<>();
    private static RecordedWal wal;
    private static Lsn end = Lsn.INVALID;

    /** What Postgres says about one record. */
    private record Oracle(
            Lsn end, Lsn prev, String manager, int length, int mainLength, int imageLength) {}

    @BeforeAll
    static void recordWal() throws Exception {
        try (ThrowawayPostgres postgres =
                new ThrowawayPostgres(
                        "wal_level = logical", "wal_keep_size = 2GB", "autovacuum = off")) {
            try (Connection connection = postgres.connect()) {
                work(connection);
                ask(connection);
            }
            postgres.stop();
            wal = RecordedWal.load(postgres.wal());
        }
    }

    private static void work(Connection connection) throws SQLException {
        try (Statement sql = connection.createStatement()) {
            sql.execute("CREATE EXTENSION pg_walinspect");
            sql.execute("CREATE TABLE t (id serial PRIMARY KEY, v text, n int[])");
            sql.execute("CREATE INDEX ON t USING gin (n)");
            sql.execute("CREATE INDEX ON t USING hash (v)");
            sql.execute("CREATE INDEX ON t USING brin (id)");
            for (String method : List.of("off", "pglz", "lz4", "zstd")) {
                if (setCompression(sql, method)) {
                    sql.execute("CHECKPOINT");
                    sql.execute(
                            "INSERT INTO t (v, n) SELECT repeat(md5(g::text), 1 + g % 9),"
                                    + " ARRAY[g, g % 7] FROM generate_series(1, 3000) g");
                    sql.execute("UPDATE t SET v = v || 'x' WHERE id % 5 = 0");
                    sql.execute("DELETE FROM t WHERE id % 11 = 0");
                    sql.execute("VACUUM t");
                }
            }
            sql.execute("SELECT pg_switch_wal()");
            sql.execute("BEGIN; SAVEPOINT a; INSERT INTO t (v) VALUES ('s'); COMMIT");
            sql.execute(
                    "SELECT pg_logical_emit_message(false, 'long', repeat('0123456789', 3000000))");
            sql.execute("INSERT INTO t (v) SELECT 'end' FROM generate_series(1, 300)");
        }
    }

    private static boolean setCompression(Statement sql, String method) {
        try {
            return !sql.execute("SET wal_compression = " + method);
        } catch (SQLException notBuiltIn) {
            return false;
        }
    }

    private static void ask(Connection connection) throws SQLException {
        try (Statement sql = connection.createStatement()) {
            String range;
            try (ResultSet row =
                    sql.executeQuery(
                            "SELECT pg_current_wal_flush_lsn(), count(*) FROM"
                                    + " pg_get_wal_records_info('0/1000028',"
                                    + " pg_current_wal_flush_lsn())")) {
                row.next();
                end = Lsn.parse(row.getString(1));
                range = "('0/1000028', '" + end + "')";
            }
            try (ResultSet row =
                    sql.executeQuery(
                            "SELECT start_lsn, end_lsn, prev_lsn, resource_manager, record_length,"
                                    + " main_data_length, fpi_length FROM pg_get_wal_records_info"
                                    + range)) {
                while (row.next()) {
                    RECORDS.put(
                            Lsn.parse(row.getString(1)),
                            new Oracle(
                                    Lsn.parse(row.getString(2)),
                                    Lsn.parse(row.getString(3)),
                                    row.getString(4),
                                    row.getInt(5),
                                    row.getInt(6),
                                    row.getInt(7)));
                }
            }
            try (ResultSet row =
                    sql.executeQuery(
                            "SELECT start_lsn || ' ' || block_id, concat_ws(' ', reltablespace,"
                                    + " reldatabase, relfilenode, relforknumber, relblocknumber,"
                                    + " block_data_length, block_fpi_length, md5(block_data),"
                                    + " md5(block_fpi_data)) FROM pg_get_wal_block_info"
                                    + range)) {
                while (row.next()) {
                    BLOCKS.put(row.getString(1), row.getString(2));
                }
            }
        }
    }

    @Test
    void everyRecordAndBlockIsWhatPostgresSays() throws Exception {
        List<WalRecord> records = decode(FIRST, end, new Random(1));
        assertThat(records).hasSameSizeAs(RECORDS.keySet()).hasSizeGreaterThan(20_000);
        int blocks = 0;
        for (WalRecord record : records) {
            assertThat(oracle(record)).as(record.toString()).isEqualTo(RECORDS.get(record.start()));
            for (int id = 0; id < record.blockCount(); id++) {
                if (record.hasBlock(id)) {
                    String name = record.start() + " " + id;
                    assertThat(describe(record, id)).as(name).isEqualTo(BLOCKS.get(name));
                    blocks++;
                }
            }
        }
        assertThat(blocks).isEqualTo(BLOCKS.size());
        assertThat(records.getLast().end()).isEqualTo(end);
        assertThat(records).anyMatch(WalRecord::isSwitch);
        assertThat(records).anyMatch(record -> record.topLevelXid() != 0);
        assertThat(records).anyMatch(record -> record.totalLength() > WalSegments.SIZE);
    }

    private static Oracle oracle(WalRecord record) {
        int images = 0;
        for (int id = 0; id < record.blockCount(); id++) {
            images += record.hasBlock(id) ? record.blockImageLength(id) : 0;
        }
        return new Oracle(
                record.end(),
                record.prev(),
                ResourceManager.nameOf(record.resourceManager()),
                record.totalLength(),
                record.mainLength(),
                images);
    }

    private static String describe(WalRecord record, int id) throws Exception {
        RelFileLocator relation = record.blockRelation(id);
        List<Object> parts =
                new ArrayList<>(
                        List.of(
                                relation.tablespace(),
                                relation.database(),
                                relation.relation(),
                                record.blockFork(id).number(),
                                Integer.toUnsignedLong(record.blockNumber(id)),
                                record.blockDataLength(id),
                                record.blockImageLength(id)));
        if (record.blockHasData(id)) {
            parts.add(md5(record.raw(), record.blockDataOffset(id), record.blockDataLength(id)));
        }
        if (record.blockHasImage(id)) {
            byte[] page = new byte[8192];
            record.restoreImage(id, page);
            parts.add(md5(page, 0, page.length));
        }
        return String.join(" ", parts.stream().map(Object::toString).toList());
    }

    private static String md5(byte[] bytes, int offset, int length) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("MD5");
        digest.update(bytes, offset, length);
        return String.format("%032x", new BigInteger(1, digest.digest()));
    }

    @Test
    void decodingMayBeginAtAnyBoundary() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Lsn> starts = RECORDS.keySet().stream().sorted().toList();
        for (int round = 0; round < 200; round++) {
            Lsn start = starts.get(random.nextInt(starts.size()));
            Lsn to = Lsn.min(end, start.plus(50_000));
            List<WalRecord> records = decode(start, to, random);
            assertThat(records.stream().map(WalRecord::start))
                    .as("seed %d, from %s", seed, start)
                    .containsExactlyElementsOf(
                            starts.stream()
                                    .filter(lsn -> !lsn.isBefore(start) && endsBy(lsn, to))
                                    .toList());
        }
    }

    private static boolean endsBy(Lsn start, Lsn limit) {
        Oracle oracle = Objects.requireNonNull(RECORDS.get(start));
        boolean switched = WalSegments.segmentOffset(oracle.end()) == 0;
        return start.isBefore(limit) && (switched || !oracle.end().isAfter(limit));
    }

    /** Damage anywhere is an error or an early end, never another answer or another exception. */
    @Test
    void aFlippedBitIsNoticed() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Lsn> starts = RECORDS.keySet().stream().sorted().toList();
        for (int round = 0; round < 3000; round++) {
            Lsn start = starts.get(random.nextInt(starts.size()));
            byte[] bytes = wal.range(start, Lsn.min(end, start.plus(20_000)));
            int at = random.nextInt(bytes.length);
            bytes[at] ^= (byte) (1 << random.nextInt(8));
            Lsn damaged = start.plus(at);
            WalDecoder decoder = new WalDecoder(start);
            decoder.feed(ByteBuffer.wrap(bytes));
            try {
                for (WalRecord record; (record = decoder.next()) != null; ) {
                    boolean holdsDamage =
                            record.start().compareTo(damaged) <= 0
                                    && record.end().isAfter(damaged)
                                    && !record.isSwitch();
                    assertThat(oracle(record)).isEqualTo(RECORDS.get(record.start()));
                    assertThat(holdsDamage && !isPaddingOrPageHeader(record, damaged))
                            .as("seed %d: flip at %s unnoticed in %s", seed, damaged, record)
                            .isFalse();
                }
            } catch (WalFormatException e) {
                assertThatThrownBy(decoder::next).isSameAs(e);
            }
        }
    }

    private static boolean isPaddingOrPageHeader(WalRecord record, Lsn lsn) {
        return WalSegments.pageOffset(lsn) < WalPageHeader.LONG_SIZE
                || lsn.aligned().equals(record.end());
    }

    /** Structure of a record is checked even where its checksum is right. */
    @Test
    void aDamagedRecordWithARightChecksumIsAFormatError() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<WalRecord> records =
                decode(FIRST, FIRST.plus(4 * WalSegments.SIZE / 10), new Random(seed));
        byte[] page = new byte[8192];
        for (int round = 0; round < 100_000; round++) {
            WalRecord victim = records.get(random.nextInt(records.size()));
            byte[] raw = victim.raw().clone();
            for (int flips = random.nextInt(3); flips >= 0; flips--) {
                raw[random.nextInt(Math.min(raw.length, 120))] = (byte) random.nextInt(256);
            }
            try {
                WalRecord record = WalRecord.parse(raw, victim.start(), victim.end());
                for (int id = 0; id < record.blockCount(); id++) {
                    if (record.hasBlock(id)) {
                        assertThat(record.blockDataOffset(id) + record.blockDataLength(id))
                                .isBetween(0, raw.length);
                        if (record.blockHasImage(id)) {
                            record.restoreImage(id, page);
                        }
                    }
                }
            } catch (WalFormatException expected) {
                assertThat(expected).hasMessageContaining(victim.start().toString());
            }
        }
    }

    /**
     * A Postgres at work: final pages, then a last page that holds zeros or pieces after what is
     * whole. The scanner must say exactly where the last whole record ends.
     */
    @Test
    void theScannerFindsTheLastWholeRecordOfAGrowingWal() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Lsn> ends = RECORDS.values().stream().map(Oracle::end).sorted().toList();
        RecordedWal growing = wal.copy();
        growing.clear(FIRST, WalSegments.segmentEnd(end));
        CompleteRecordScanner scanner =
                new CompleteRecordScanner(FIRST.plus(WalPageHeader.LONG_SIZE), Lsn.INVALID);
        Lsn flushed = FIRST;
        while (flushed.isBefore(end)) {
            Lsn to = Lsn.min(end, flushed.plus(1 + random.nextInt(300_000)));
            growing.copyFrom(wal, WalSegments.pageStart(flushed), to);
            flushed = to;
            Lsn written = WalSegments.pageEnd(flushed);
            Lsn lastPage = WalSegments.pageStart(written.plus(-1));
            while (scanner.position().isBefore(lastPage)) {
                Lsn upTo = Lsn.min(lastPage, scanner.position().plus(1 + random.nextInt(100_000)));
                scanner.accept(ByteBuffer.wrap(growing.range(scanner.position(), upTo)));
            }
            byte[] tail = growing.range(scanner.position(), written);
            Lsn found = scanner.endWith(ByteBuffer.wrap(tail));
            assertThat(found)
                    .as("seed %d at %s", seed, flushed)
                    .isEqualTo(last(ends, growing, flushed));
        }
        assertThat(scanner.position()).isEqualTo(WalSegments.pageStart(end.plus(-1)));
    }

    /** A record is whole a little early when all that misses of it is zeros. */
    private static Lsn last(List<Lsn> ends, RecordedWal growing, Lsn flushed) throws IOException {
        Lsn last = FIRST.plus(WalPageHeader.LONG_SIZE);
        Lsn written = WalSegments.pageEnd(flushed);
        for (Lsn candidate : ends) {
            if (!candidate.isAfter(flushed)
                    || (!candidate.isAfter(written)
                            && Arrays.equals(
                                    growing.range(flushed, candidate),
                                    wal.range(flushed, candidate)))) {
                last = candidate;
            }
        }
        return last;
    }

    @Test
    void theBoundaryBeforeAnyPositionIsFound() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Map.Entry<Lsn, Oracle>> records =
                RECORDS.entrySet().stream().sorted(Map.Entry.comparingByKey()).toList();
        for (int round = 0; round < 60; round++) {
            Lsn limit = FIRST.plus(5000 + random.nextLong(end.minus(FIRST) - 5000));
            RecordBoundary expected = new RecordBoundary(FIRST, Lsn.INVALID);
            for (Map.Entry<Lsn, Oracle> record : records) {
                if (!record.getValue().end().isAfter(limit)) {
                    expected = new RecordBoundary(record.getValue().end(), record.getKey());
                }
            }
            assertThat(RecordBoundary.atOrBefore(wal, limit))
                    .as("seed %d at %s", seed, limit)
                    .isEqualTo(expected);
        }
        assertThat(RecordBoundary.atOrBefore(wal, end).lsn()).isEqualTo(end);
    }

    private static List<WalRecord> decode(Lsn from, Lsn to, Random random) throws IOException {
        byte[] bytes = wal.range(from, to);
        WalDecoder decoder = new WalDecoder(from);
        List<WalRecord> records = new ArrayList<>();
        for (int at = 0; at < bytes.length; ) {
            int most = random.nextInt(4) == 0 ? 40 : 100_000;
            int length = Math.min(bytes.length - at, random.nextInt(most));
            decoder.feed(ByteBuffer.wrap(bytes, at, length));
            at += length;
            for (WalRecord record; (record = decoder.next()) != null; ) {
                records.add(record);
            }
            assertThat(decoder.position()).isEqualTo(from.plus(at));
        }
        return records;
    }
}
