package dev.sluice.storage.postgres.v17.redo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.ingest.IngestException;
import dev.sluice.storage.ingest.ModificationSink;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.oracle.RedoOracle;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalDecoder;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Damaged WAL gives a page or a clear error, from every type of record: redo, ingest and the
 * decoder never fail otherwise, never loop, and never take memory beyond bounds.
 */
@ExtendWith(Recordings.class)
class RedoFuzzTest {
    private static final int KEPT_OF_EACH = 12;
    private static final int WAL_BYTES = 64 * 1024;

    /** Several copies of a page, and all the positions that posting lists on it can hold. */
    private static final long REDO_ALLOCATES_AT_MOST = 1 << 20;

    /** The gap that a relation may grow by is a gigabyte at once: a key for each block of it. */
    private static final long INGEST_ALLOCATES_AT_MOST = 8 << 20;

    private static final long DECODER_ALLOCATES_AT_MOST = 1 << 20;
    private static final long MODIFICATIONS_AT_MOST = 200_000;

    /** A change and the page that it was applied to. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Sample(Key key, byte[] page, Value change, Lsn end) {}

    private static List<Sample> samples(Recordings.Shelf recordings) throws Exception {
        Map<String, List<Sample>> byKind = new TreeMap<>();
        PageRedo right = new Redo17();
        PageRedo keeping =
                (key, page, change, end) -> {
                    List<Sample> ofKind =
                            byKind.computeIfAbsent(kind(change, key, end), _ -> new ArrayList<>());
                    if (ofKind.size() < KEPT_OF_EACH) {
                        ofKind.add(new Sample(key, page.clone(), change, end));
                    }
                    right.apply(key, page, change, end);
                };
        for (Recording recording : Recording.WITHOUT_IMAGES) {
            recordings.get(recording).redo(keeping);
        }
        List<Sample> samples = new ArrayList<>();
        byKind.values().forEach(samples::addAll);
        return samples;
    }

    /** Record type and block id. */
    private static String kind(Value change, Key key, Lsn end) {
        if (!(change instanceof Value.Wal wal)) {
            return "implied " + key.kind() + " " + key.relation();
        }
        try {
            WalRecord record = WalRecord.parse(wal.record(), end, end);
            int id = 0;
            while (!record.hasBlock(id) || record.blockNumber(id) != key.block()) {
                id++;
            }
            return RecordTypes.name(record) + " " + id;
        } catch (WalFormatException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void redo(Recordings.Shelf recordings) throws Exception {
        List<Sample> samples = samples(recordings);
        assertThat(samples).hasSizeGreaterThan(1000);
        Redo17 redo = new Redo17();
        Fuzzing.run(
                "redo",
                1,
                REDO_ALLOCATES_AT_MOST,
                random -> {
                    Sample sample = samples.get(random.nextInt(samples.size()));
                    byte[] page =
                            random.nextInt(40) == 0
                                    ? samples.get(random.nextInt(samples.size())).page().clone()
                                    : sample.page().clone();
                    boolean damagePage = random.nextInt(3) == 0;
                    if (damagePage) {
                        Damage.page(page, random);
                    }
                    Value change =
                            damagePage && random.nextBoolean()
                                    ? sample.change()
                                    : damaged(sample.change(), random);
                    try {
                        redo.apply(sample.key(), page, change, sample.end());
                        return true;
                    } catch (RedoException e) {
                        assertThat(e)
                                .hasMessageContaining("ends at " + sample.end())
                                .hasMessageNotContaining("null");
                        return false;
                    }
                });
    }

    private static Value damaged(Value change, Random random) {
        return switch (change) {
            case Value.Wal wal ->
                    new Value.Wal(Damage.record(wal.record(), random), wal.initializes());
            case Value.Change implied -> {
                byte[] bytes =
                        Arrays.copyOf(implied.bytes(), 1 + random.nextInt(implied.bytes().length));
                Damage.change(bytes, random.nextInt(bytes.length), random);
                yield new Value.Change(bytes);
            }
            case Value.Image image -> image;
        };
    }

    @Test
    void ingest(Recordings.Shelf recordings) throws Exception {
        for (Recording recording : Recording.WITHOUT_IMAGES) {
            RecordedCluster cluster = recordings.get(recording);
            Map<String, List<WalRecord>> byType = new TreeMap<>();
            cluster.replay(record -> {
                List<WalRecord> ofType =
                        byType.computeIfAbsent(RecordTypes.name(record), _ -> new ArrayList<>());
                if (ofType.size() < KEPT_OF_EACH) {
                    ofType.add(record);
                }
            });
            List<WalRecord> samples = byType.values().stream().flatMap(List::stream).toList();
            try (RedoOracle oracle = cluster.oracle()) {
                oracle.redo(null);
                Fuzzing.run(
                        "ingest of " + recording,
                        0.25,
                        INGEST_ALLOCATES_AT_MOST,
                        random -> isIngested(samples, oracle, random));
            }
        }
    }

    private static boolean isIngested(List<WalRecord> samples, RedoOracle oracle, Random random)
            throws Exception {
        WalRecord sample = samples.get(random.nextInt(samples.size()));
        WalRecord damaged;
        try {
            damaged =
                    WalRecord.parse(
                            Damage.record(sample.raw(), random), sample.start(), sample.end());
        } catch (WalFormatException e) {
            assertThat(e).hasMessageContaining(sample.start().toString());
            return false;
        }
        long[] put = new long[1];
        ModificationSink sink = (key, value) -> put[0]++;
        try {
            Postgres17.INSTANCE
                    .ingest("1a2b", oracle.redone(), sample.start())
                    .ingest(damaged, sink);
            assertThat(put[0]).isLessThan(MODIFICATIONS_AT_MOST);
            return true;
        } catch (IngestException e) {
            assertThat(e)
                    .hasMessageContaining("timeline 1a2b")
                    .hasMessageContaining(sample.start().toString())
                    .hasMessageContaining(String.format("info %02X", damaged.info()))
                    .hasMessageNotContainingAny("null", "Exception");
            return false;
        }
    }

    /** The stream itself is damaged: page headers, record headers, lengths. */
    @Test
    void decoder(Recordings.Shelf recordings) throws Exception {
        RecordedCluster cluster = recordings.get(Recording.INDEXES);
        List<Lsn> starts = new ArrayList<>();
        cluster.replay(record -> starts.add(record.start()));
        long number = WalSegments.segmentOf(starts.get(starts.size() / 2));
        byte[] segment = Files.readAllBytes(cluster.wal().resolve(WalSegments.fileName(number)));
        starts.removeIf(start ->
                WalSegments.segmentOf(start) != number
                        || WalSegments.segmentOffset(start) > WalSegments.SIZE - WAL_BYTES);
        Fuzzing.run(
                "decoder",
                0.5,
                DECODER_ALLOCATES_AT_MOST,
                random -> {
                    Lsn start = starts.get(random.nextInt(starts.size()));
                    int from = WalSegments.segmentOffset(start);
                    int length = 1 + random.nextInt(WAL_BYTES);
                    byte[] wal = Arrays.copyOfRange(segment, from, from + length);
                    for (int i = random.nextInt(4); i > 0; i--) {
                        Damage.change(wal, placeIn(wal, from, random), random);
                    }
                    return isDecoded(wal, start, random);
                });
    }

    /** Anywhere, or in a page's header. */
    private static int placeIn(byte[] wal, int from, Random random) {
        int page = Page.SIZE - from % Page.SIZE + Page.SIZE * random.nextInt(8);
        int at = random.nextBoolean() ? page + random.nextInt(24) : random.nextInt(wal.length);
        return at < wal.length ? at : random.nextInt(wal.length);
    }

    private static boolean isDecoded(byte[] wal, Lsn start, Random random) {
        WalDecoder decoder = new WalDecoder(start);
        try {
            for (int at = 0; at < wal.length; ) {
                int length = Math.min(wal.length - at, 1 + random.nextInt(20_000));
                decoder.feed(ByteBuffer.wrap(wal, at, length));
                while (decoder.next() != null) {
                    // Whatever comes out was checked.
                }
                at += length;
            }
            return true;
        } catch (WalFormatException e) {
            assertThat(e).hasMessageContaining("WAL at ");
            return false;
        }
    }
}
